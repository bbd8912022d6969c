"""What the benchmarks read: the sample day's own words, so that a figure can be had on any machine."""

from pathlib import Path
from zoneinfo import ZoneInfo

from bot.play import script

DAY = Path(__file__).parent.parent / "examples" / "day.txt"


def chatter() -> list[str]:
    """Every line said in a group, in order; nine in ten are just talk."""
    lines = script(DAY, ZoneInfo("Asia/Shanghai"))
    return [line.text for _, line in lines if line.address != line.person and not line.text.startswith(("<", "^"))]


REQUESTS = (
    "3号楼电梯又坏了,按了没反应",
    "5号楼3单元楼道堆满了纸箱子,老人过都过不去",
    "2号楼东边的路灯坏了",
    "南门有辆车停车占道",
    "6号楼2单元漏水了,天花板都湿了",
    "垃圾桶满了好几天没人清运,臭死了",
    "楼上装修半夜还在打钻,太吵了",
    "4号楼单元门禁坏了进不去",
)
