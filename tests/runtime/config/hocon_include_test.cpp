#include <gtest/gtest.h>

#include "runtime/config/hocon_files.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

// Loads t.conf of the folder; one line for each value of `kafka`, or the faults.
class HoconInclude : public testing::Test {
 protected:
  std::string node_and_group(const std::string& text) {
    auto loaded = load_text(folder, text);
    if (!loaded)
      return faults_of(folder, loaded);
    return loaded->values.node.id + " " + loaded->values.kafka.group_id;
  }

  scratch_folder folder;
};

TEST_F(HoconInclude, StandsForTheMembersOfTheFile) {
  folder.write("a.conf", "node.id = a\nkafka.group_id = a");
  EXPECT_EQ(node_and_group("node.id = t\ninclude \"a.conf\""), "a a");
  EXPECT_EQ(node_and_group("include \"a.conf\"\nnode.id = t"), "t a");
  EXPECT_EQ(node_and_group("include file(\"a.conf\"), node.id = t"), "t a");
  EXPECT_EQ(node_and_group("{ include required( file( \"a.conf\" ) ) }"), "a a");
  EXPECT_EQ(node_and_group("include required(\"a.conf\")"), "a a");
}

TEST_F(HoconInclude, IsRelativeToTheIncludingFile) {
  folder.write("sub/a.conf", "include \"b.conf\"\ninclude \"../c.conf\"");
  folder.write("sub/b.conf", "node.id = b");
  folder.write("c.conf", "kafka.group_id = c");
  EXPECT_EQ(node_and_group("include \"sub/a.conf\""), "b c");
  EXPECT_EQ(node_and_group("include \"" + folder.file("sub/b.conf") + "\", kafka.group_id = t"),
            "b t");
}

TEST_F(HoconInclude, IsSilentAboutAMissingFileUnlessItIsRequired) {
  EXPECT_EQ(node_and_group("include \"no.conf\"\nnode.id = t, kafka.group_id = g"), "t g");
  EXPECT_EQ(node_and_group("\n  include required(file(\"no.conf\"))"),
            "t.conf:2:11: include \"no.conf\": there is no file no.conf");
}

TEST_F(HoconInclude, IsNotSilentAboutAFileThatCannotBeRead) {
  folder.write("dir/x.conf", "");
  EXPECT_EQ(node_and_group("include \"dir\""), "t.conf:1:9: cannot read dir: it is a directory");
}

TEST_F(HoconInclude, PlacesFaultsInTheIncludedFile) {
  folder.write("a.conf", "\nkafka {\n  group_id = }");
  EXPECT_EQ(node_and_group("include \"a.conf\""),
            "a.conf:3:14: the key group_id has no value, found \"}\"");
  folder.write("a.conf", "\n  ops.port = 70000");
  EXPECT_EQ(node_and_group("include \"a.conf\""),
            "a.conf:2:14: ops.port = \"70000\": out of range, allowed 0 .. 65535");
  folder.write("a.conf", "x = 1\ny = \"\xC3(\"");
  EXPECT_EQ(node_and_group("include \"a.conf\""), "a.conf:2:6: not UTF-8, or a NUL");
}

TEST_F(HoconInclude, RefusesWhatIsNotAFile) {
  EXPECT_EQ(node_and_group("include url(\"http://x/a.conf\")"),
            "t.conf:1:9: only files can be included, not url(...) or classpath(...)");
  EXPECT_EQ(node_and_group("a = 1\ninclude required(classpath(\"a.conf\"))"),
            "t.conf:2:9: only files can be included, not url(...) or classpath(...)");
  EXPECT_EQ(node_and_group("include package(\"a.conf\")"),
            "t.conf:1:9: expected include \"FILE\", include file(\"FILE\"), include "
            "required(\"FILE\") or include required(file(\"FILE\"))");
  EXPECT_EQ(node_and_group("include file(\"a.conf\""),
            "t.conf:1:22: expected 1 \")\" behind the file's name");
}

TEST_F(HoconInclude, LooksUpSubstitutionsFirstFromWhereTheFileIsIncluded) {
  folder.write("a.conf", "group_id = ${x}\nx = inner");
  // kafka.x would be an unknown key, so that the tree is looked at below the schema.
  diagnostics faults;
  hocon::file_reader reader;
  auto value_of_group = [&](const std::string& text) {
    hocon::node_ptr root = reader.read(folder.write("t.conf", text), faults);
    environment none;
    return hocon::resolver(*root, none, faults).resolve().find("kafka.group_id")->text;
  };
  EXPECT_EQ(value_of_group("kafka { include \"a.conf\" }\nx = outer"), "inner");
  EXPECT_EQ(value_of_group("kafka { include \"a.conf\" }\nkafka.x = later"), "later");
  folder.write("a.conf", "group_id = ${x}");
  EXPECT_EQ(value_of_group("kafka { include \"a.conf\" }\nx = outer"), "outer");
  EXPECT_TRUE(faults.empty());
}

TEST_F(HoconInclude, RefusesAFileThatIncludesItself) {
  folder.write("a.conf", "include \"b.conf\"");
  folder.write("b.conf", "\ninclude \"./a.conf\"");
  EXPECT_EQ(node_and_group("include \"a.conf\""),
            "b.conf:2:9: include \"./a.conf\": a.conf includes itself");
  EXPECT_EQ(node_and_group("include \"t.conf\""),
            "t.conf:1:9: include \"t.conf\": t.conf includes itself");
}

TEST_F(HoconInclude, GoesSixteenFilesDeepAndNoFurther) {
  auto chain = [&](int files) {
    for (int i = 1; i < files; ++i)
      folder.write(std::to_string(i), "include \"" + std::to_string(i + 1) + "\"");
    folder.write(std::to_string(files), "node.id = deep, kafka.group_id = g");
    return node_and_group("include \"1\"");
  };
  EXPECT_EQ(chain(16), "deep g");
  EXPECT_EQ(chain(17), "16:1:9: include \"17\": more than 16 files deep");
}

TEST_F(HoconInclude, CountsTheDepthAcrossFiles) {
  std::string arrays = std::string(40, '[') + std::string(40, ']');
  folder.write("b.conf", "x = " + arrays);
  std::string around;
  for (int i = 0; i < 30; ++i)
    around += "k{";
  EXPECT_EQ(node_and_group(around + "include \"b.conf\"" + std::string(30, '}')),
            "b.conf:1:39: nested deeper than 64 levels");
}

TEST_F(HoconInclude, RefusesAFileAboveTheLimit) {
  std::string comment(1 << 20, '#');
  EXPECT_EQ(node_and_group(comment.substr(15) + "\nnode.id=n").substr(0, 2), "n ");
  folder.write("big.conf", comment + "#");
  EXPECT_EQ(node_and_group("include \"big.conf\""),
            "t.conf:1:9: cannot read big.conf: larger than 1048576 bytes");
}

TEST_F(HoconInclude, SaysThatTheFileItselfIsMissing) {
  auto loaded = load(folder.file("none.conf"), {}, environment{});
  EXPECT_EQ(faults_of(folder, loaded),
            "none.conf:1:1: cannot read none.conf: No such file or directory");
}

} // namespace
} // namespace tradepulse::config
