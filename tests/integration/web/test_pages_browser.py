"""The pages in a real browser at the width of a phone: from an invitation to a released payment."""

from __future__ import annotations

import asyncio
import re

import pyotp
import pytest

from tests.chromium import WIDTH, tab
from tests.integration.web.world import payment
from tests.ui_ground import PASSWORD, story

FITS = "document.documentElement.scrollWidth <= window.innerWidth"
LOW = (
    "[...document.querySelectorAll('main button, body > form button, ul form button')]"
    ".filter(it => it.getBoundingClientRect().height < 44).length"
)


def fill(page, **fields):
    for name, value in fields.items():
        page.ask(f"document.getElementsByName({name!r})[0].value = {value!r}")


def press(page, words):
    page.do(
        "[...document.querySelectorAll('button, a')]"
        f".find(it => it.textContent.includes({words!r})).click()"
    )


@pytest.mark.needs("chromium")
def test_somebody_enrols_logs_in_and_approves_on_a_phone(tmp_path):
    async def tell(site):
        accepted = (await site.world.post("/v1/instructions", payment("P-1"))).json()
        link = f"{site.base}/ui/invitation?secret={site.invitation('wang')}"
        told = await asyncio.to_thread(visit, site, link, accepted["id"])
        assert told == {"fits": True, "low": 0, "width": WIDTH}
        await site.world.reaches(accepted["id"], "SETTLED", "PROCESSING", "ACKNOWLEDGED")

    def visit(site, link, id_):
        with tab(tmp_path) as page:
            page.go(link)
            fill(page, password=PASSWORD, again=PASSWORD)
            press(page, "设置")
            press(page, "绑定动态码应用")
            secret = str(page.ask("document.querySelector('code').textContent")).replace(" ", "")
            totp = pyotp.TOTP(secret)
            fill(page, code=totp.at(site.watch.now()))
            press(page, "确认绑定")
            assert len(re.findall(r"<code>", str(page.ask("document.body.innerHTML")))) == 10
            press(page, "继续")
            press(page, "退出")
            site.watch.pass_(seconds=30)
            fill(page, login="wang", password=PASSWORD)
            press(page, "登录")
            fill(page, code=totp.at(site.watch.now()))
            press(page, "确认")
            fits, low = page.ask(FITS), 0
            page.do(f"document.querySelector('a[href$={id_}]').click()")
            fits, low = fits and page.ask(FITS), page.ask(LOW)
            width = page.ask("window.innerWidth")
            press(page, "同意")
            assert "已记录" in str(page.ask("document.body.textContent"))
            return {"fits": fits, "low": low, "width": width}

    story(tmp_path, tell, release_people=1)
