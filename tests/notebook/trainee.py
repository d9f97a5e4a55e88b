"""A trainee: the project's own JupyterLab on a copy of the notebooks, driven in a Chromium without a window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from runbook_lib.notebook.kernel import BUNDLE
from runbook_lib.notebook.repository import NOTEBOOKS, repository_top

WITHIN_S = 90.0
"""For whatever is waited for: JupyterLab's first page takes 5 s on two idle cores."""
ENDS_WITHIN_S = 30.0
ROOT = os.geteuid() == 0
RUNNING = "[*]:"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
RUN_MENU = "//div[contains(@class, 'lm-MenuBar-itemLabel')][text()='Run']"
RUN_ALL = ".lm-Menu-item[data-command='runmenu:run-all']"


@dataclass(frozen=True)
class Page:
    """A notebook that is open in JupyterLab; its cells by their ids."""

    driver: Chrome
    ids: tuple[str, ...]

    def rewrite(self, cell: str, source: str) -> None:
        """Type `source` in place of what the cell has."""
        self._cell(cell).find_element(By.CSS_SELECTOR, ".cm-content").click()
        keys = ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
        keys.send_keys(source).perform()

    def run(self, *cells: str) -> None:
        """Shift+Enter in each, when the one before has ended."""
        for cell in cells:
            before = self._prompts()
            self.begin(cell)
            self._wait_ran(before)

    def begin(self, cell: str) -> None:
        """Shift+Enter in it, without waiting for its end."""
        self._cell(cell).find_element(By.CSS_SELECTOR, ".cm-content").click()
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()

    def is_running(self) -> bool:
        """Whether a cell is."""
        return RUNNING in self._prompts()

    def run_all(self) -> None:
        """Menu Run, Run All Cells; returns when none is running, whether an error stopped them or not."""
        before = self._prompts()
        self.driver.find_element(By.XPATH, RUN_MENU).click()
        self._wait_for(RUN_ALL).click()
        self._wait_ran(before)

    def output(self, cell: str) -> str:
        """What stands below the cell, as a reader sees it."""
        return "\n".join(area.text for area in self._cell(cell).find_elements(By.CSS_SELECTOR, ".jp-OutputArea"))

    def outputs(self) -> str:
        """The same of the whole notebook."""
        return "\n".join(self.output(cell) for cell in self.ids)

    def drawings(self, cell: str) -> list[WebElement]:
        """The SVG pictures below the cell, without JupyterLab's own icons."""
        return self._cell(cell).find_elements(By.CSS_SELECTOR, ".jp-RenderedHTML svg")

    def wait_drawn(self, cell: str, text: str) -> None:
        """Until a widget below the cell draws a text."""

        def drawn(_: Chrome) -> bool:
            pictures = self._cell(cell).find_elements(By.CSS_SELECTOR, ".jupyter-widgets svg")
            return any(text in str(picture.get_property("textContent")) for picture in pictures)

        WebDriverWait(self.driver, WITHIN_S, ignored_exceptions=[StaleElementReferenceException]).until(
            drawn, f"{text!r} is not drawn below {cell}"
        )

    def wait_idle(self) -> None:
        """Until no cell is running."""
        WebDriverWait(self.driver, WITHIN_S).until(lambda _: not self.is_running(), "a cell is still running")

    def press(self, cell: str, button: str) -> None:
        """A widget's button below the cell."""
        self._cell(cell).find_element(By.XPATH, f".//button[contains(., '{button}')]").click()

    def wait_ready(self) -> None:
        """Until every cell is there and the kernel waits for the first."""
        WebDriverWait(self.driver, WITHIN_S).until(
            lambda _: len(self._cells()) == len(self.ids), f"there are not {len(self.ids)} cells"
        )
        self._wait_for(IDLE)

    def _cell(self, cell: str) -> WebElement:
        """The cell, in the middle of the window: JupyterLab does not draw what is out of sight."""
        found = self._cells()[self.ids.index(cell)]
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    def _cells(self) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-Cell")

    def _prompts(self) -> list[str]:
        script = "return [...document.querySelectorAll('.jp-InputPrompt')].map(prompt => prompt.textContent)"
        prompts: list[str] = self.driver.execute_script(script)
        return prompts

    def _wait_ran(self, before: list[str]) -> None:
        """Until a cell has another number than before, and none is running."""

        def ran(_: Chrome) -> bool:
            prompts = self._prompts()
            return prompts != before and RUNNING not in prompts

        WebDriverWait(self.driver, WITHIN_S).until(ran, "a cell is still running, or none ran")

    def _wait_for(self, selector: str) -> WebElement:
        return WebDriverWait(self.driver, WITHIN_S).until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, selector), f"nothing in the page is {selector}"
        )


@contextmanager
def jupyterlab(notebook: str) -> Iterator[Page]:
    """JupyterLab as `make notebook` starts it, with `NN-name` of a copy of notebooks/ open; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="trainee-") as name:
        folder = Path(name)
        shutil.copytree(repository_top() / NOTEBOOKS, folder / NOTEBOOKS)
        path = folder / NOTEBOOKS / f"{notebook}.ipynb"
        ids = tuple(cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"])
        try:
            with _server(path, folder) as address, _chromium(folder) as driver:
                driver.get(address)
                page = Page(driver, ids)
                page.wait_ready()
                yield page
        finally:
            left = _processes_that_name(folder)
        assert left == []


@contextmanager
def _server(notebook: Path, folder: Path) -> Iterator[str]:
    """The address to which Jupyter sends the user's browser: a page that logs in and leads to the notebook."""
    log, address = folder / "jupyter.log", folder / "address"
    jupyter = str(Path(sys.executable).with_name("jupyter"))
    argv = [jupyter, "lab", *(["--allow-root"] if ROOT else []), str(notebook)]
    argv += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # asks nobody outside
    own = {name: str(folder) for name in ("HOME", "TMPDIR", "JUPYTER_RUNTIME_DIR", BUNDLE)}
    environment = os.environ | own | {"BROWSER": f"ln -s %s {address}"}
    with log.open("w") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, cwd=folder, env=environment)

    def opened(_: Path) -> bool:
        assert process.poll() is None, log.read_text()
        return address.is_symlink()

    try:
        WebDriverWait(address, WITHIN_S).until(opened, "JupyterLab opened no browser")  # type: ignore[type-var]
        yield str(address.readlink())
    finally:
        process.terminate()  # it ends its kernels first
        try:
            process.wait(ENDS_WITHIN_S)
        finally:
            process.kill()


@contextmanager
def _chromium(folder: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    nobody_outside = "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    for argument in (
        "--headless", "--window-size=1400,1000", f"--user-data-dir={folder / 'profile'}", "--no-first-run",
        f"--host-resolver-rules={nobody_outside}", "--disable-background-networking", "--disable-dev-shm-usage",
        *(["--no-sandbox"] if ROOT else []),  # Chromium starts for root in no other way
    ):  # fmt: skip
        options.add_argument(argument)
    # Its driver is named, else Selenium would look for one to download.
    service = ChromeService(shutil.which("chromedriver"), env=os.environ | {"HOME": str(folder), "TMPDIR": str(folder)})
    driver = Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()


def _processes_that_name(folder: Path) -> list[str]:
    """The command lines that name it: the server's and Chromium's, and a kernel's, by its connection file."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return [line for line in lines if str(folder) in line]
