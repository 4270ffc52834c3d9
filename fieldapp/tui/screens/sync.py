"""USB: is it safe to pull the stick?"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from fieldapp.domain.amounts import format_amount
from fieldapp.errors import Cancelled, FieldappError, os_error_text
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.store import log, wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.sync.format import clock, drives
from fieldapp.sync.peers import peers, practice
from fieldapp.tui.files import typed_path
from fieldapp.tui.screens.base import Lines, Page
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.more_below import MoreBelow
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean, sort_key
from fieldapp.work import desk, notices

if TYPE_CHECKING:
    from fieldapp.sync.exchange import incoming, outgoing, sticks

FEW_REPLIES = 3
"""Up to so many replies are told one by one; of more their number and for whom, and the files behind a key"""
MAX_NAMES = 5
"""Most laptops that such a line names"""


def _lines_of_files(store: Store) -> list[str]:
    from fieldapp.sync.exchange import file_space  # behind it the sealing of files, which no key here needs at first

    return file_space.exchange_lines(store)


class Drives(Lines):
    """The sticks that are plugged in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Start"), key_display="Enter")]


class FolderField(TextField):
    """A folder to write to, instead of a stick."""

    VIETNAMESE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Start"), key_display="Enter")]


class Steps(VerticalScroll, can_focus=False):
    """What is done. While it follows, the newest line stays in sight, also when the lines of keys become two."""

    follows = False

    def on_resize(self) -> None:
        if self.follows:
            self.scroll_end(animate=False)


class SyncScreen(Page):
    """Choose a drive or type a folder; Enter reads the replies there, writes the bundle, and reads it back."""

    WRITES = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "start", _("Start")),
        Binding("tab", "other", _("Drive, folder"), key_display="Tab"),
        Binding("f3", "search", _("Not received")),
        Binding("f5", "renew", _("Look again")),
        Binding("delete", "clear", _("Clear old"), key_display="Del"),
        Binding("delete", "stop", _("Break off"), key_display="Del"),
        Binding("f4", "laptops", _("Certify")),
        Binding("f7", "files", _("Bundle by bundle")),
        Binding("f7", "arrivals", _("Post by post")),
        Binding("f8", "app.moved('stop')", show=False),
        Binding("pagedown", "turn(1)", _("Scroll"), key_display="PgUp/PgDn", priority=True),
        Binding("pageup", "turn(-1)", _("Scroll"), priority=True, show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._forget_lines()
        self._drives: list[drives.Drive] = []
        self._urgent: list[str] = []
        """What waits or was refused"""
        self._stop = False
        self._forget_old()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """At a post that has exported just now, what begins is said to begin anew."""
        keys = super().active_bindings
        if not keys or not self._told or self.store.role != "post":
            return keys
        return {
            key: active._replace(binding=dataclasses.replace(active.binding, description=_("Export again")))
            if active.binding.description == _("Start")
            else active
            for key, active in keys.items()
        }

    def body(self) -> ComposeResult:
        yield Static(id="unsent", classes="section", markup=False)
        yield Drives(id="drives", markup=False)
        with Horizontal(id="path-line"):
            yield Static(Content(_("Or a folder:")))
            yield FolderField(stays=True, id="folder", placeholder=_("type the folder here, then Enter"))
        yield ProgressBar(show_eta=False, id="bar")
        with Steps(id="steps") as steps:
            yield Static(id="lines", classes="line", markup=False)
        yield MoreBelow(steps)

    def on_mount(self) -> None:
        self.query_one("#bar").display = False

    def renew(self) -> None:
        state = status.exchange_status(self.store)
        role = self.store.identity.role
        self.query_one("#unsent", Static).update(Content(self._title(state, role)))
        if self.busy:
            return
        if self._told:
            self._answer_decided()
            return
        self._urgent = [f"! {sentence}" for sentence in notices.exchange_sentences(state, role)]
        self._show_text(self._urgent)
        self.look_up("files to carry", _lines_of_files, self._show_files_to_carry)
        before, self._drives = self._drives, practice.practice_drives(self.store) or drives.drives()
        listed = self.query_one("#drives", Drives)
        chosen = listed.highlighted if [d.path for d in before] == [d.path for d in self._drives] else None
        listed.clear_options()
        for d in self._drives:
            size = format_amount(d.free // 100_000_000, 1)
            bundles = counted("{n} bundle", "{n} bundles", d.bundles)
            words = _("{name}   {folder}   {size} GB free   {bundles}").format(
                name=brief_text(d.name), folder=display_path(d.path), size=size, bundles=bundles
            )
            listed.add_option(Option(Content(f" {words}")))
        if role == "hq" and len(self._drives) > 1:
            words = _("All {n} sticks, each with the reply for its own post").format(n=len(self._drives))
            listed.add_option(Option(Content(f" {words}")))
        if not self._drives:
            listed.add_option(Option(Content(" " + _("No stick is plugged in.")), disabled=True))
        listed.can_focus = bool(self._drives)
        if chosen is None and self._drives:
            chosen = listed.option_count - 1 if role == "hq" else 0
        listed.highlighted = chosen
        folder = self.query_one(FolderField)
        (listed if self._drives and not folder.value else folder).focus()

    def _show_files_to_carry(self, lines: Sequence[str]) -> None:
        """Say what of the files of records is still to be carried, or lacks here, unless something was begun."""
        if lines and not self.busy and not self._told:
            self._show_text([*self._urgent, *(f"· {line}" for line in lines)])

    def _title(self, state: status.Status, role: str) -> str:
        if self._told and not self.busy and len(self._drives) > 1 and not self.query_one(TextField).value:
            return _("Done. F5 shows all {n} sticks again.").format(n=len(self._drives))
        return _waiting(state, role)

    def _forget_lines(self) -> None:
        self._end: list[str] = []
        """How it ended, and whether the stick may be pulled: told before all else"""
        self._arrived: list[str] = []
        """What came, post by post"""
        self._lines: list[str] = []
        """What was done besides"""
        self._old_line: list[str] = []
        self._files: list[str] = []
        """A line for each file that was read, instead of the lines post by post"""
        self._shows_files = False
        self._results: list[incoming.Imported] = []
        self._since = 0
        self._folders: Sequence[Path] = ()
        self._asking: list[incoming.Imported] = []
        """Of the results those whose laptop waits to be certified"""

    @property
    def _told(self) -> list[str]:
        return [*self._end, *self._arrived, *self._lines, *self._old_line]

    def will_answer(self, replica_id: str) -> bool:
        return any(result.sender_id == replica_id for result in self._asking)

    def _answer_decided(self) -> None:
        """Write the replies of laptops that were certified meanwhile, and tell anew what came."""
        if not self._asking or self.store.read_only:
            return
        certified = {peer.id for peer in peers.partners(self.store)}
        decided = [result for result in self._asking if result.sender_id in certified]
        if not decided:
            return
        self._asking = [result for result in self._asking if result.sender_id not in certified]
        self.busy, self._stop = True, False
        self._end, self._old_line, self._shows_files = [], [], False
        self._forget_old()
        self._show_busy()
        self._run([folder for folder in self._folders if folder.is_dir()], decided)

    def _forget_old(self) -> None:
        self._old: list[sticks.OldBundle] = []
        self._second = SecondPress()

    def action_other(self) -> None:
        """Go from the drives to the folder, or back."""
        self.focus_next()

    def action_search(self) -> None:
        """List the records that headquarters has not received."""
        self.app.show_unreceived()

    def action_renew(self) -> None:
        """Look for sticks again."""
        self._forget_lines()
        self._forget_old()
        self.renew()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop the work at the next step."""
        self._stop = True

    def action_files(self) -> None:
        """Show file by file what was read."""
        self._shows_files = True
        self._show_from_top()

    def action_arrivals(self) -> None:
        """Show again post by post what came."""
        self._shows_files = False
        self._show_from_top()

    def action_laptops(self) -> None:
        """Go to the laptops that wait to be certified."""
        from fieldapp.tui.screens.conflicts import ConflictsScreen
        from fieldapp.tui.screens.laptops import LaptopScreen

        asking = notices.laptops_that_wait(self.store)
        self.app.push_screen(LaptopScreen(asking[0]) if len(asking) == 1 else ConflictsScreen())

    def action_turn(self, way: int) -> None:
        """Scroll the messages down or up."""
        steps = self.query_one("#steps", VerticalScroll)
        steps.scroll_relative(y=way * (steps.size.height - 1), animate=False, immediate=True)

    def action_clear(self) -> None:
        """List the old bundles; delete them on the second press."""
        self._second.press("old bundles", self._name_old, self._delete_old)

    def _name_old(self) -> None:
        asked = counted("Del again takes {n} bundle away.", "Del again takes {n} bundles away.", len(self._old))
        self._shows_files = False
        self.query_one(Steps).follows = True
        self._old_line = [*(f"· {old.sentence}" for old in self._old), f"? {asked}"]
        self._show()

    def _delete_old(self) -> None:
        from fieldapp.sync.exchange import sticks

        named, self._old = self._old, []
        self.query_one(Steps).follows = True
        try:
            cleared = sticks.delete_bundles(self.store, named)
        except FieldappError as error:
            self._old_line = [f"! {error}"]
        else:
            told = counted("{n} bundle was taken away.", "{n} bundles were taken away.", cleared)
            self._old_line = [f"✓ {told}"]
        self._show()
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._begin(self._chosen(event.option_index))

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        self._start(clean(event.value))

    def action_start(self) -> None:
        """Begin with the folder that is typed, or the drive that is chosen."""
        self._start(self.query_one(TextField).text)

    def _start(self, typed: str) -> None:
        at = self.query_one("#drives", OptionList).highlighted
        if typed:
            self._begin([typed_path(typed)])
        elif self._drives and at is not None:
            self._begin(self._chosen(at))
        else:
            self._show_text(["! " + _("Plug a stick in and press F5, or type a folder.")])

    def _chosen(self, at: int) -> list[Path]:
        """The stick of a line; all sticks for the last line."""
        return [d.path for d in self._drives] if at == len(self._drives) else [self._drives[at].path]

    def _begin(self, folders: Sequence[Path]) -> None:
        if self.busy:
            return
        if clock.doubt(self.store) is not None:
            from fieldapp.tui.screens.day import DayDialog

            self.app.push_screen(DayDialog(), lambda said: self._begin(folders) if said else None)
            return
        self.busy = True
        self._stop = False
        self._forget_lines()
        self._forget_old()
        self._folders = folders
        self._show_busy()
        self._run(folders)

    @work(thread=True)
    def _run(self, folders: Sequence[Path], decided: "Sequence[incoming.Imported]" = ()) -> None:
        from fieldapp.sync.exchange import sticks

        store = self.store.reopen()
        tell = self.app.call_from_thread
        last: list[str] = []
        try:
            made = self._answer(store, decided) if decided else self._exchange(store, folders)
            self._old = [old for folder in folders for old in sticks.old_bundles(store, folder)]
            if self._old:
                line = counted(
                    "{n} old bundle on it is not needed any more: Del names it and takes it away.",
                    "{n} old bundles on it are not needed any more: Del names them and takes them away.",
                    len(self._old),
                )
                self._old_line = [f"· {line}"]
            if decided and not made:
                last.append("! " + _("The reply is not written. Plug its stick in and press F2."))
            else:
                last.append(f"{self._done_words} {sticks.done_text(store, folders, [m.path.parent for m in made])}")
        except Cancelled:
            last = ["! " + _("Cancelled. No unfinished bundle is on the stick; bundles that were read whole count.")]
        except FieldappError as error:
            last = [f"! {error}"]
        except OSError as error:
            line = _("{folder} cannot be read or written: {why}. Plug the stick in again, or take another.")
            last = [f"! {line.format(folder=', '.join(map(display_path, folders)), why=os_error_text(error))}"]
        finally:
            store.close()
            tell(self._done, last)

    @property
    def _done_words(self) -> str:
        """That it is done; that bundles were refused must not be overlooked then."""
        refused = sum(r.refused is not None and not r.covered for r in self._results)
        if not refused:
            return f"✓ {_('DONE.')}"
        return "! " + counted("DONE, {n} bundle was refused.", "DONE, {n} bundles were refused.", refused)

    def _exchange(self, store: Store, folders: Sequence[Path]) -> "list[outgoing.Exported]":
        """Read what lies there, and write what goes back."""
        from fieldapp.sync.exchange import incoming, outgoing
        from fieldapp.sync.safety import backup

        tell = self.app.call_from_thread
        for folder in folders:
            drives.check_target(store.home, folder)
        self._since = log.last_number(store)
        self._results = incoming.import_files(store, folders, self._progress)
        self._asking = [result for result in self._results if result.asks]
        self._tell_arrived(store)
        if unread := incoming.unread_folders_text(folders):
            tell(self._say, f"· {unread}")
        if len(folders) > 1:
            return self._reply(store, self._results)
        made = outgoing.export(store, folders[0], progress=self._progress)
        self._written([(bundle.recipient, f"✓ {bundle.sentence}") for bundle in made])
        if backed_up := backup.backup_with_export(store, folders[0]):
            tell(self._say, f"· {backed_up}")
        return made

    def _answer(self, store: Store, decided: "Sequence[incoming.Imported]") -> "list[outgoing.Exported]":
        """Tell anew what came, with what these laptops had sent, and write their replies onto their sticks."""
        for result in decided:
            result.held, result.certified = [], True
        self._tell_arrived(store)
        return self._reply(store, decided)

    def _tell_arrived(self, store: Store) -> None:
        """Tell post by post what came, first what is to be done; the files are behind a key."""
        from fieldapp.sync.exchange import arrivals, incoming

        found = arrivals.arrivals(store, self._results, self._since)
        urgent = [f"! {arrival.sentence}" for arrival in found if arrival.sign == "!"]
        if asking := arrivals.awaiting_certificate(found):
            urgent.append(f"! {notices.certificate_request_text(asking)}")
        if len(self._folders) > 1:
            urgent += [f"! {line}" for line in desk.without_bundle(store, wall.today(), {a.post_id for a in found})]
        self._arrived = [*urgent, *(f"{arrival.sign} {arrival.sentence}" for arrival in found if arrival.sign != "!")]
        counts = incoming.files_summary(self._results)
        if counts and not found:
            self._arrived.append(f"  {counts}")
        self._files = [f"  {counts}"] if counts else []
        for result in self._results:
            if result.for_others:
                continue
            if result.refused is None:
                self._files.append(f"{'✓' if result.complete else '!'} {result.sentence}")
            self._files += [f"! {sentence}" for sentence in result.problems]

    def _reply(self, store: Store, results: "Sequence[incoming.Imported]") -> "list[outgoing.Exported]":
        """Write each reply onto the stick that its bundle came from."""
        from fieldapp.sync.exchange import replies

        tell = self.app.call_from_thread
        done = replies.reply(store, results, progress=self._progress)
        self._written([(m.recipient, f"✓ {display_path(m.path.parent.name)}: {m.sentence}") for m in done.written])
        if done.kept:
            tell(self._say, f"· {_kept_text(len(done.kept))}")
        for sentence in done.problems:
            if sentence not in done.uncertified:  # said with its key where it is told what came
                tell(self._say, f"! {sentence}")
        return done.written

    def _written(self, told: Sequence[tuple[str, str]]) -> None:
        """Tell which bundles were written: of many only their number and for whom; the files are behind a key.

        ``told``: for whom, and the line.
        """
        lines = [line for _to, line in told]
        if len(told) > FEW_REPLIES:
            self._files += lines
            to = sorted((to for to, _line in told), key=sort_key)
            names = ", ".join(to[:MAX_NAMES]) + (" …" if len(to) > MAX_NAMES else "")
            written = counted("{n} bundle was written", "{n} bundles were written", len(told))
            lines = [f"✓ {written}: {names}"]
        for line in lines:
            self.app.call_from_thread(self._say, line)

    def _progress(self, stage: str, done: int, of: int) -> None:
        if self._stop:
            raise Cancelled
        self.app.call_from_thread(self._show_progress, stage, done, of)

    def _show_progress(self, stage: str, done: int, of: int) -> None:
        from fieldapp.sync.format.bundle import STAGES

        self.query_one(ProgressBar).update(total=of or None, progress=done)
        self._show_text([*self._told, f"… {_(STAGES[stage])}"])

    def _say(self, line: str) -> None:
        self._lines.append(line)
        self._show()

    def _show(self) -> None:
        self._show_text(self._files if self._shows_files else self._told)

    def _show_from_top(self) -> None:
        self.query_one(Steps).follows = False
        self._show()
        self.query_one(Steps).scroll_home(animate=False)

    def _show_text(self, lines: Sequence[str]) -> None:
        self.query_one("#lines", Static).update(Content("\n".join(lines)))
        listed = self.query_one(Drives)
        listed.set_class(bool(self._told), "told")  # what was done has the room
        listed.display = bool(self._drives) or not self._told
        self.call_after_refresh(listed.scroll_to_highlight)
        self.query_one(Steps).on_resize()
        self.call_after_refresh(self.refresh_bindings)

    def _done(self, last: Sequence[str]) -> None:
        self.busy = False
        self._end = [*last]
        self._show_from_top()
        self._show_busy()
        self.come_back()

    def _show_busy(self) -> None:
        """Show a bar and a single key while the work runs."""
        self.query_one("#bar").display = self.busy
        self.query_one(Steps).follows = self.busy
        for where in ("#drives", "#folder"):
            self.query_one(where).disabled = self.busy
        if not self.busy:
            self.query_one("#folder" if self.query_one(TextField).value else "#drives").focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the work runs, it can only be stopped."""
        if action == "stop":
            return self.busy
        if action in ("turn", "other"):  # both do not fit into the footer: F5 goes back to the choice
            long = any(steps.max_scroll_y > 0 for steps in self.query("#steps").results(VerticalScroll))
            return long if action == "turn" else not (long or self.busy)
        if action == "search":
            return self.store.role == "post" and not self.busy
        if action == "clear":
            return bool(self._old) and not self.busy
        if action in ("files", "arrivals"):
            return bool(self._files) and not self.busy and (action == "arrivals") == self._shows_files
        if action == "laptops":
            return not self.busy and bool(notices.laptops_that_wait(self.store))
        return not (self.busy and action in ("start", "renew", "back"))


def _kept_text(number: int) -> str:
    return counted("{n} reply lies on its stick already and says all that a new one would: not written again",
                   "{n} replies lie on their sticks already and say all that new ones would: not written again",
                   number)  # fmt: skip


def _waiting(state: status.Status, role: str) -> str:
    """A sentence on what there is to carry."""
    if role == "hq":
        return _("Takes in the posts' bundles, then writes each post's reply onto its stick.")
    return state.sentence
