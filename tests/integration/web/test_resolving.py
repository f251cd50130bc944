"""Outcomes settled with evidence, over the API and on the page of a payment."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from jsonschema import Draft202012Validator

from gateway.sandbox.faults import Fault, Scripted
from tests.integration.web.test_pages_rules import in_force as page_rules
from tests.integration.web.test_rights import TENANT, in_force, posted
from tests.integration.web.world import payment, story
from tests.ui_ground import story as site_story
from tests.ui_ground import text_of

PDF = b"%PDF-1.7 a letter of the bank"
STATEMENT = b"\xff\xd8\xff\xe0 a photograph"


async def doubtful(it):
    """A payment whose outcome is not known."""
    wish = payment()
    it.bank.faults.add(
        Scripted(kind=Fault.ERROR_5XX_AFTER_COMMIT, creditor_account=wish["creditor_account"])
    )
    made = await posted(it, wish)
    await it.reaches(made["id"], "UNCONFIRMED")
    return made


async def conforms(it, name, value):
    document = (await it.client.get("/openapi.json")).json()
    schema = {"$ref": f"#/components/schemas/{name}", **document}
    Draft202012Validator(schema).validate(value)


def test_upload_propose_and_agree_over_the_api(tmp_path):
    async def tell(it):
        in_force(it)
        made = await doubtful(it)
        own = f"/v1/instructions/{made['id']}"
        sent = await it.call("POST", f"{own}/attachments?name={quote('回单.pdf')}", PDF, key="wang")
        assert sent.status_code == 200, sent.text
        file = sent.json()
        await conforms(it, "Attachment", file)
        assert file["digest"] == hashlib.sha256(PDF).hexdigest()
        got = await it.get(file["links"]["self"], key="li")
        assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5")
        assert got.headers["x-content-type-options"] == "nosniff"
        listed = (await it.get(f"{own}/attachments", key="li")).json()
        await conforms(it, "Attachments", listed)
        for body, status in ((b"PK\x03\x04", 400), (b"%PDF-" + b"x" * (5 << 20), 413)):
            answer = await it.call("POST", f"{own}/attachments?name=a", body, key="wang")
            assert answer.status_code == status
        wish = {
            "action": "resolve_settled",
            "content_hash": made["digest"],
            "reason": "回单已见",
            "attachments": [file["id"]],
        }
        await conforms(it, "ResolutionWish", wish)
        bare = await it.post(f"{own}/resolutions", wish | {"attachments": []}, key="wang")
        assert (bare.status_code, "evidence" in bare.json()["detail_en"]) == (403, True)
        for wrong in ({"action": "approve"}, {"entry": {}}, {"shoe": 43}, {"attachments": "x"}):
            answer = await it.post(f"{own}/resolutions", wish | wrong, key="wang")
            assert answer.status_code == 400, wrong
        first = (await it.post(f"{own}/resolutions", wish, key="wang")).json()
        await conforms(it, "Resolution", first)
        assert (first["counted"], first["needed"], first["state"]) == (1, 2, "open")
        vote = {"digest": first["digest"], "reason": "已核对"}
        for key in ("li", "erp", "none"):
            refused = await it.post(first["links"]["vote"], vote, key=key)
            assert refused.status_code in {403, 404}, key
        done = (await it.post(first["links"]["vote"], vote, key="pay")).json()
        assert (done["state"], done["instruction_state"]) == ("carried_out", "SETTLED")
        said = (await it.get(f"{own}/resolutions", key="li")).json()
        await conforms(it, "Resolutions", said)
        old = {"action": "resolve_settled", "content_hash": made["digest"], "reason": "x"}
        assert (await it.post(f"{own}/decisions", old, key="wang")).status_code == 403

    story(tmp_path, tell, tenant=TENANT)


async def upload(browser, id_, name, body, **fields):
    files = {"file": (name, body, "application/octet-stream")}
    data = {"token": browser.token} | fields
    answer = await browser.client.post(
        f"/ui/payments/{id_}/evidence", data=data, files=files, headers={"Origin": browser.base}
    )
    browser.seen = answer.text or browser.seen
    return answer


def hidden(seen: str, name: str) -> str:
    """The value of a hidden field; the last one of that name."""
    return seen.rpartition(f'name="{name}" value="')[2].partition('"')[0]


def test_on_the_page_one_uploads_and_proposes_and_another_agrees(tmp_path):
    async def tell(site):
        page_rules(site, resolve=True)
        made = await doubtful(site.world)
        id_ = made["id"]
        wang, li = await site.member("wang"), await site.member("li")
        await wang.get(f"/ui/payments/{id_}")
        assert "认定已付款" not in wang.seen, "not without evidence"
        answer = await upload(wang, id_, "回单.jpg", STATEMENT)
        assert answer.status_code == 200, text_of(answer.text)
        assert "回单.jpg" in answer.text
        assert (await upload(wang, id_, "a.exe", b"MZ\x90")).status_code == 400
        await wang.get(f"/ui/payments/{id_}")
        forged = await upload(wang, id_, "a.txt", b"words", token="0" * 64)
        assert forged.status_code == 403
        await wang.get(f"/ui/payments/{id_}")
        fields = {name: hidden(wang.seen, name) for name in ("files", "amount")}
        fields |= {"action": "resolve_settled", "digest": made["digest"], "reason": "回单已见"}
        site.watch.pass_(minutes=6)
        answer = await wang.post(f"/ui/payments/{id_}/resolve", **fields)
        assert answer.status_code == 403, "the second factor was shown too long ago"
        answer = await wang.post(f"/ui/payments/{id_}/resolve", code=wang.code(), **fields)
        assert answer.status_code == 200, text_of(answer.text)
        await li.get(f"/ui/payments/{id_}")
        assert "（内容已变，作废）" not in li.seen
        link = li.seen.partition("/ui/evidence/")[2].partition('"')[0].replace("&amp;", "&")
        got = await li.client.get(f"/ui/evidence/{link}")
        assert (got.content, got.headers["content-type"]) == (STATEMENT, "image/jpeg")
        said = li.seen.partition(f"/ui/payments/{id_}/agree")[2].partition("</form>")[0]
        fields = {name: hidden(said, name) for name in ("resolution", "digest")}
        await li.second()  # her second factor was shown long ago
        stale = fields | {"digest": "0" * 64}
        wrong = await li.post(f"/ui/payments/{id_}/agree", reason="x", **stale)
        assert wrong.status_code == 403
        await li.get(f"/ui/payments/{id_}")
        answer = await li.post(f"/ui/payments/{id_}/agree", reason="已核对", **fields)
        assert answer.status_code == 200, text_of(answer.text)
        await site.world.reaches(id_, "SETTLED")

    site_story(tmp_path, tell)
