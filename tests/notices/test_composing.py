"""What was typed becomes what is read: every template's own example, and what no template knows."""

import pytest

from handlers import composing
from handlers.composing import Template, compose, templates
from handlers.desk import Desk

ROW = "1–5号楼"


@pytest.mark.parametrize("template", templates("zh_CN"), ids=lambda template: template.heading)
def test_every_template_does_what_its_example_says(desk: Desk, template: Template) -> None:
    assert compose(desk, template.typed, ROW) == template.said


def test_no_two_templates_listen_to_the_same_word() -> None:
    words = [word for template in templates("zh_CN") for word in template.words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("typed", "where", "said"),
    [
        ("【紧急】马上停水", ROW, "【紧急】马上停水"),
        ("楼道灯换好了", ROW, "【通知】楼道灯换好了。"),
        ("明天交物业费", "", "【通知】11月24日(周二)交物业费。"),
        ("3号楼明天9点停水", ROW, "【停水通知】3号楼11月24日(周二) 09:00停水。请提前储水,关好水龙头。"),
        ("明早9点停水", "", "【停水通知】11月24日(周二) 09:00,停水。请提前储水,关好水龙头。"),
        ("物业通知:停电\n原因:线路检修", ROW, "【停电通知】1–5号楼物业通知:停电\n原因:线路检修。"),
        ("今晚22:00到6:00停水!", "", "【停水通知】11月23日(周一) 22:00–11月24日(周二) 06:00,停水!"),
        ("11月28日到11月30日停气", "", "【停气通知】11月28日(周六)–11月30日(周一)停气。"),
        ("明天9点到9点停水", "", "【停水通知】11月24日(周二) 09:00"),
    ],
)
def test_what_was_typed_stays_and_the_rest_is_added(desk: Desk, typed: str, where: str, said: str) -> None:
    assert compose(desk, typed, where).startswith(said)


def test_the_first_word_that_fits_chooses(desk: Desk) -> None:
    assert compose(desk, "停电后可能停水", "").startswith("【停电通知】")
    assert compose(desk, "停水后可能停电", "").startswith("【停水通知】")


def test_a_language_without_templates_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        composing.templates("xx_XX")
