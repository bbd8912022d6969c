"""What the reader makes of the sentences of the intake tests, written out: they test what follows from a reading."""

from nlp.danger import Danger
from nlp.reader import Context, Reading

TALK = Reading(is_request=False, unsure=False, kind="chat")


def request(title: str, category: str = "facility", *places: str, **more: object) -> Reading:
    """A sure request; `more` are further fields of the reading."""
    fields = {"kind": "report", "department": "城乡建设", "score": 0.9, "why": (f"{title}→signs +2.6",), **more}
    return Reading(is_request=True, unsure=False, category=category, places=places, title=title, **fields)  # type: ignore[arg-type]


def unsure(title: str, category: str, *places: str) -> Reading:
    return Reading(is_request=False, unsure=True, kind="report", category=category, places=places, title=title)


def fragment(category: str, *places: str) -> Reading:
    return Reading(
        is_request=True,
        unsure=False,
        kind="report",
        category=category,
        places=places,
        why=("open case",),
        fragment=True,
    )


def peril(key: str, title: str, category: str, *places: str, call: str = "fire") -> Reading:
    danger = Danger(key, title, "sure", call)  # type: ignore[arg-type]
    return request(title, category, *places, kind="help", urgent=True, danger=danger)


LIFT = "3号楼电梯又坏了,按了没反应"
LIFT_TOO = "3号楼的电梯又停了"
LIFT_SOMEWHERE = "电梯坏了"
LIFT_5 = "5号楼电梯坏了"
LIFT_AT_501 = "3号楼2单元501门口的电梯不动了"
LAMP = "3号楼路灯不亮了"
RUBBISH = "3号楼垃圾没人清"
HEAT = "3号楼暖气不热"
LEAK = "3号楼2单元501往下漏水"
QUARREL = "老王家天天打老婆"
SMELL = "这味儿没法开窗了"
DUST = "窗台又是一层灰"
URGE_LIFT = "电梯到底什么时候修啊"
URGE = "怎么还没人来修"
TRAPPED = "有人被困在3号楼电梯里了!"
TRAPPED_TOO = "快来人 电梯里还困着人"
FIRE = "3号楼着火了"
BURNING = "着火了"
FIGHT = "3号楼楼下有人打起来了"
GAS = "煤气味好大 3号楼2单元"
LIVE = "有人触电了"
DOORWAY = "在二单元门口"
AT_3 = "就在3号楼"
AT_5 = "就在5号楼"
BURST = "3号楼水管爆了 水往电梯里灌"
ODD = "3号楼那个东西歪了"

WORDS: dict[str, Reading] = {
    LIFT: request("电梯故障", "facility", "3号楼"),
    LIFT_TOO: request("电梯故障", "facility", "3号楼"),
    LIFT_SOMEWHERE: request("电梯故障", "facility"),
    LIFT_5: request("电梯故障", "facility", "5号楼"),
    LIFT_AT_501: request("电梯故障", "facility", "3号楼2单元501室"),
    LAMP: request("路灯不亮", "facility", "3号楼"),
    RUBBISH: request("垃圾清运", "sanitation", "3号楼"),
    HEAT: request("暖气不热", "utility", "3号楼"),
    LEAK: request("房屋渗漏", "facility", "3号楼2单元501室", delicate="flat"),
    QUARREL: request("家庭纠纷", "dispute", delicate="family"),
    SMELL: unsure("油烟异味", "sanitation", "3号楼"),
    DUST: unsure("扬尘", "sanitation"),
    URGE_LIFT: request("电梯故障", "facility", kind="urge"),
    URGE: request("其他", "other", kind="urge"),
    TRAPPED: peril("lift", "电梯困人", "facility", "3号楼", call="lift"),
    TRAPPED_TOO: peril("lift", "电梯困人", "facility", call="lift"),
    FIRE: peril("fire", "火情", "safety", "3号楼"),
    BURNING: Reading(
        is_request=False,
        unsure=True,
        kind="report",
        category="safety",
        title="火情",
        urgent=True,
        danger=Danger("smoke", "烟火", "possible", "fire"),
    ),
    FIGHT: request("治安", "safety", "3号楼", urgent=True, danger=Danger("fight", "打架", "possible", "police")),
    GAS: peril("gas", "燃气问题", "utility", "3号楼2单元", call="gas"),
    LIVE: peril("electric", "触电", "utility", call="electric"),
    BURST: request("电梯故障", "facility", "3号楼", urgent=True),
    ODD: Reading(is_request=False, unsure=False, kind="chat", places=("3号楼",)),
}
PIECES: dict[str, tuple[str, ...]] = {DOORWAY: ("2单元",), AT_3: ("3号楼",), AT_5: ("5号楼",), "[图片]": ()}


def read(text: str, context: Context = Context()) -> Reading:  # noqa: B008 (immutable)
    if text in PIECES and (spoken := context.open_category or context.talk_category):
        return fragment(spoken, *PIECES[text])
    reading = WORDS.get(text.removeprefix("/report "), TALK)
    return TALK if context.worker and reading.danger is None else reading
