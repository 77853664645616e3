"""How a cost grows with a size: the slope in a log-log plane, and its drawing."""

import math
import os
import statistics

from measure import ROOT, Spread


def slope(points):
    """Of the line of least squares through (log x, log y)."""
    xs = [math.log10(x) for x, _ in points]
    ys = [math.log10(y) for _, y in points]
    mid_x, mid_y = statistics.fmean(xs), statistics.fmean(ys)
    return (sum((x - mid_x) * (y - mid_y) for x, y in zip(xs, ys))
            / sum((x - mid_x) ** 2 for x in xs))


class Series:
    """A cost over sizes, several rounds."""

    def __init__(self, name, sizes, target=None):
        self.name, self.sizes, self.target = name, sizes, target
        self.values = {size: [] for size in sizes}

    def add(self, size, value):
        self.values[size].append(value)

    def medians(self):
        return [(size, statistics.median(self.values[size])) for size in self.sizes]

    def slope(self):
        return slope(self.medians())

    def show(self):
        rounds = zip(*(self.values[size] for size in self.sizes))
        each = Spread(slope(list(zip(self.sizes, costs))) for costs in rounds)
        line = (f"{self.name}: slope of the medians {self.slope():.3f}; of the rounds "
                f"{each.show('{:.3f}')}")
        if self.target is not None:
            line += f"; target {self.target}: {'met' if self.slope() <= self.target else 'MISSED'}"
        return line


def draw(name, title, x_name, y_name, series, size):
    """docs/performance/NAME.svg; tiny runs draw into no file."""
    try:
        import matplotlib
    except ImportError:
        return ("not drawn: apt-get install --no-install-recommends python3-matplotlib "
                "(43 MB, for these drawings alone)")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tradepulse",
                                "font.size": 10, "axes.spines.top": False,
                                "axes.spines.right": False})
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, NullFormatter
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for number, each in enumerate(series):
        xs, ys = zip(*each.medians())
        spread = [[y - min(each.values[x]) for x, y in zip(xs, ys)],
                  [max(each.values[x]) - y for x, y in zip(xs, ys)]]
        axes.errorbar(xs, ys, yerr=spread, marker="o", capsize=3, color=f"C{number}",
                      linestyle="none", label=f"{each.name}: slope {each.slope():.2f}")
        grade = each.slope()
        level = statistics.fmean(math.log10(y) - grade * math.log10(x) for x, y in zip(xs, ys))
        axes.plot(xs, [10 ** (level + grade * math.log10(x)) for x in xs], color=f"C{number}",
                  linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel=x_name, ylabel=y_name, title=title)
    plain = FuncFormatter(lambda value, _: f"{value:,g}")
    axes.xaxis.set_major_formatter(plain)
    low, high = axes.get_ylim()
    ticks = [m * 10.0 ** e for e in range(-3, 4) for m in (1, 2, 5)]
    axes.set_yticks([tick for tick in ticks if low / 2 <= tick <= high * 2])
    axes.set_ylim(low / 2, high * 2)
    axes.yaxis.set_major_formatter(plain)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, linewidth=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    path = os.path.join("docs", "performance", name + ".svg") if size == "full" else os.devnull
    if size == "full":
        os.makedirs(os.path.join(ROOT, "docs", "performance"), exist_ok=True)
    figure.savefig(os.path.join(ROOT, path), format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return f"drawn: {path}"
