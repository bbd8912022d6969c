"""The main job, end to end: heard, registered, dispatched, worked, done, asked, reopened, rated."""

from village import GROUP, Village


def test_a_message_becomes_a_case_that_is_worked_done_and_rated(staffed: Village) -> None:
    said = staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    assert said.reactions == ["👀"]
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼\n已派单 张网格员 · 今天 13:00 前接单")
    assert staffed.buttons(GROUP) == ["我家也是", "补充"]
    assert staffed.buttons("张网格员") == ["接单", "转办", "不是诉求", "更多"]

    staffed.says("李明", "可不是嘛 昨天就不对劲")
    assert staffed.new(GROUP) == [staffed.card(1)]  # silence

    staffed.wait(minutes=6)
    assert staffed.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    staffed.wait(minutes=1)
    assert "处理中 · 张网格员 09:06 接单" in staffed.card(1)
    assert staffed.tells("张网格员", "好了", photos=1, to="#1") == ["#1 已记为办结:已解决。"]

    question = staffed.new(GROUP)[-1]
    assert question == "#1 电梯故障 · 3号楼:张网格员说已解决(09:07,有照片)。解决了吗?"
    assert staffed.presses("王阿姨", "没有", at=GROUP) == "明白,#1 重新打开,交给李网格长。要补充请回复卡片。"
    assert staffed.case().reopened == 1

    staffed.wait(minutes=1)
    staffed.presses("李网格长", "接单")
    staffed.tells("李网格长", "办结 1 换了主板")
    staffed.presses("王阿姨", "已解决", at=GROUP)
    staffed.wait(minutes=1)
    staffed.presses("王阿姨", "满意", at=GROUP)
    assert staffed.case().state == "rated"
    assert staffed.history()[-1] == "closed_by_tap"
