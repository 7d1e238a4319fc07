"""Publishing the dashboard to its bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.onebox.program import CONTENT_SECURITY_POLICY
from chalicelib.onebox.static import StaticSite
from infra.tools.site import GRACE, NOTE, Site
from infra.tools.stages import ROOT, Refusal

OUTPUTS = {"SiteBucket": "site", "DistributionId": "E1"}
DIST = ROOT / "dashboard" / "dist"


class CloudFront:
    def __init__(self) -> None:
        self.invalidated: list[list[str]] = []

    def create_invalidation(self, *, DistributionId: str, InvalidationBatch: dict[str, Any]) -> None:
        assert DistributionId == "E1"
        assert InvalidationBatch["Paths"]["Quantity"] == len(InvalidationBatch["Paths"]["Items"])
        self.invalidated.append(sorted(InvalidationBatch["Paths"]["Items"]))


class World:
    """A bucket, a dashboard in a folder, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.s3: Any = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket="site")
        self.cloudfront = CloudFront()
        self.time = 1_800_000_000.0
        self.order: list[str] = []
        self.s3.meta.events.register("before-call.s3.PutObject", self._noted)
        self.s3.meta.events.register("before-call.s3.DeleteObjects", self._noted)

    def _noted(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        deletes = model.name == "DeleteObjects"
        self.order.append("deleting" if deletes else params["url_path"].lstrip("/"))

    def build(self, **files: str) -> None:
        for file in self.folder.rglob("*"):
            if file.is_file():
                file.unlink()
        for name, content in files.items():
            file = self.folder / name.replace("__", "/").replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def publish(self) -> str:
        return Site(self.s3, self.cloudfront, OUTPUTS, lambda: self.time).publish(self.folder)

    def names(self) -> set[str]:
        found = self.s3.list_objects_v2(Bucket="site").get("Contents", [])
        return {one["Key"] for one in found} - {NOTE}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield World(tmp_path)


def test_the_built_dashboard_is_served_with_the_types_and_the_caching_of_the_one_machine_program(
    world: World,
) -> None:
    world.folder = DIST
    world.publish()
    own = {path.lstrip("/"): asset for path, asset in StaticSite(DIST, CONTENT_SECURITY_POLICY)._read()}
    assert world.names() == set(own)
    for key, asset in own.items():
        found = world.s3.get_object(Bucket="site", Key=key)
        assert (found["ContentType"], found["CacheControl"]) == (asset.kind.decode(), asset.cache.decode()), key
        assert found["Body"].read() == asset.encoded[b""]


def test_what_is_named_by_others_is_there_before_them(world: World) -> None:
    world.build(index_html="1", sw_js="1", assets__a_js="1", assets__z_css="1", icons__a_png="1")
    assert world.publish() == "The dashboard is there: 5 files new, 0 gone."
    assert world.order == ["assets/a.js", "assets/z.css", "icons/a.png", "sw.js", "index.html"]


def test_publishing_the_same_again_touches_nothing(world: World) -> None:
    world.build(index_html="1", assets__a_js="1")
    world.publish()
    world.order.clear()
    world.cloudfront.invalidated.clear()
    assert world.publish() == "The dashboard was up to date."
    assert (world.order, world.cloudfront.invalidated) == ([], [])


def test_only_what_keeps_its_name_is_asked_for_again(world: World) -> None:
    world.build(index_html="1", theme_js="1", assets__a_js="1")
    world.publish()
    world.build(index_html="2", theme_js="1", assets__b_js="2")
    world.publish()
    assert world.cloudfront.invalidated[1:] == [["/index.html"]]


def test_an_asset_stays_for_a_week_after_the_version_that_did_without_it(world: World) -> None:
    world.build(index_html="1", assets__a_js="1")
    world.publish()
    world.time += 30 * GRACE
    world.build(index_html="2", assets__b_js="2")
    world.publish()
    assert world.names() == {"index.html", "assets/a.js", "assets/b.js"}
    world.time += GRACE - 1
    world.publish()
    assert "assets/a.js" in world.names()
    world.time += 1
    assert world.publish() == "The dashboard is there: 0 files new, 1 gone."
    assert world.names() == {"index.html", "assets/b.js"}


def test_an_asset_that_came_back_is_not_forgotten(world: World) -> None:
    for content in ("a", "b", "a"):
        world.build(**{"index_html": content, f"assets__{content}_js": content})
        world.publish()
    world.time += GRACE
    world.publish()
    assert world.names() == {"index.html", "assets/a.js"}


def test_another_file_that_is_not_part_of_it_any_more_goes_at_once_after_the_index_came(world: World) -> None:
    world.build(index_html="1", old_svg="1")
    world.publish()
    world.order.clear()
    world.build(index_html="2")
    world.publish()
    assert world.order == ["index.html", "deleting"]
    assert world.names() == {"index.html"}
    assert world.cloudfront.invalidated[-1] == ["/index.html", "/old.svg"]


def test_a_dashboard_that_is_not_built_is_refused(world: World) -> None:
    world.build(theme_js="1")
    with pytest.raises(Refusal, match="is not built"):
        world.publish()
    assert world.names() == set()
