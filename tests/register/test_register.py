"""What changes a count is a line; what is served is what C2SP says; what is shown is the sum."""

from datetime import timedelta

from app import clock
from app.signatures.actions import setting_aside
from tests.register.scene import Scene


def test_each_change_of_the_count_is_a_line(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.confirmed("bao")
    path = scene.confirmed("chloe")
    anne, *_ = scene.ids()
    scene.sequence()
    with scene.site.database.write() as session:
        setting_aside.set_aside(session, scene.petition_id, [anne], None, "burst")
    with scene.site.database.write() as session:
        setting_aside.invalidate(session, scene.petition_id, [anne], None, "burst")
    with scene.site.database.write() as session:
        setting_aside.put_back(session, scene.petition_id, [anne], None)
    assert scene.differences() == []
    clock.travel(timedelta(hours=3))
    assert scene.site.client.post(path.replace("/confirmer/", "/pas-moi/")).status_code in {200, 303}
    assert scene.differences() == []
    scene.sequence()
    assert scene.said() == ["confirmed +1"] * 3 + ["set-aside -1", "restored +1", "withdrawn -1"]
    assert scene.site.count(scene.slug) == 2 == sum(entry.change for entry in scene.entries())
    hours = [entry.hour for entry in scene.entries()]
    assert hours[-1] - hours[0] >= timedelta(hours=3)
    assert scene.differences() == []
