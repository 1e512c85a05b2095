//! Editing of one line on a terminal, with the keys of Emacs.

use super::bindings::Action;
use super::{COMPLETER, DISPLAY_HOOK, PRE_INPUT_HOOK, STARTUP_HOOK, end_of_file, remember, state};
use crate::blocking::retry;
use crate::os_support::{fs_decode, os_error};
use crate::sys::{self, Memory, Terminal};
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};
use std::collections::VecDeque;

/// The line being edited.
#[derive(Default)]
pub struct Line {
    text: Vec<u32>,
    cursor: usize,
    prompt: Vec<u8>,
    /// Whether it is on the screen.
    shown: bool,
    /// What is on the screen, if the cursor is behind it.
    on_screen: Option<Vec<u8>>,
}

impl Line {
    pub fn text(&self) -> Vec<u32> {
        self.text.clone()
    }

    /// Inserts text at the cursor.
    pub fn insert(&mut self, text: &[u32]) {
        let cursor = self.cursor;
        self.text.splice(cursor..cursor, text.iter().copied());
        self.cursor += text.len();
    }

    fn set(&mut self, text: Vec<u32>) {
        self.cursor = text.len();
        self.text = text;
    }

    fn remove(&mut self, range: std::ops::Range<usize>) -> Vec<u32> {
        self.cursor = range.start;
        self.text.drain(range).collect()
    }

    /// Where the word before the cursor begins.
    fn word_start(&self) -> usize {
        let is_word = |index: usize| char::from_u32(self.text[index]).is_some_and(char::is_alphanumeric);
        let mut index = self.cursor;
        while index > 0 && !is_word(index - 1) {
            index -= 1;
        }
        while index > 0 && is_word(index - 1) {
            index -= 1;
        }
        index
    }

    /// Where the word after the cursor ends.
    fn word_end(&self) -> usize {
        let is_word = |index: usize| char::from_u32(self.text[index]).is_some_and(char::is_alphanumeric);
        let mut index = self.cursor;
        while index < self.text.len() && !is_word(index) {
            index += 1;
        }
        while index < self.text.len() && is_word(index) {
            index += 1;
        }
        index
    }
}

/// The bytes of a text; what is not a character came in as a byte.
fn encode(text: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &code_point in text {
        match char::from_u32(code_point) {
            Some(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => bytes.push((code_point & 0xff) as u8),
        }
    }
    bytes
}

fn decode(bytes: &[u8]) -> Vec<u32> {
    let mut text = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.extend(chunk.valid().chars().map(u32::from));
        text.extend(chunk.invalid().iter().map(|&byte| 0xdc00 + u32::from(byte)));
    }
    text
}

/// The terminal, which goes back to what it was.
struct Raw(Terminal);

impl Raw {
    fn new() -> Option<Raw> {
        let before = sys::tcgetattr(0).ok()?;
        let mut raw = sys::tcgetattr(0).ok()?;
        raw.tty.c_lflag &= !(libc::ICANON | libc::ECHO | libc::IEXTEN);
        raw.tty.c_iflag &= !(libc::ICRNL | libc::INLCR | libc::IXON);
        raw.tty.c_cc[libc::VMIN] = 1;
        raw.tty.c_cc[libc::VTIME] = 0;
        sys::tcsetattr(0, libc::TCSADRAIN, &raw).ok()?;
        Some(Raw(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that has gone cannot be set back.
        let _ = sys::tcsetattr(0, libc::TCSADRAIN, &self.0);
    }
}

/// Writes to the terminal; one that has gone says so when it is read.
fn show(text: &[u8]) {
    let mut rest = Memory::of_slice(text);
    while !rest.is_empty() {
        match sys::write(1, rest) {
            Ok(n) => rest = rest.skip(n),
            Err(libc::EINTR) => {}
            Err(_) => return,
        }
    }
}

fn bell() {
    show(b"\x07");
}

/// Shows the line anew, whatever is on the screen.
pub fn display_anew(vm: &mut Vm) {
    state(vm).line.on_screen = None;
    redisplay(vm);
}

/// Shows the line as it is now.
fn redisplay(vm: &mut Vm) {
    let line = &mut state(vm).line;
    if !line.shown {
        return;
    }
    let mut text = line.prompt.clone();
    text.extend(encode(&line.text));
    let behind = line.text.len() - line.cursor;
    // What is typed at the end of the line is all that is new.
    if behind == 0
        && let Some(added) = line.on_screen.as_ref().and_then(|before| text.strip_prefix(before.as_slice()))
    {
        show(added);
        line.on_screen = Some(text);
        return;
    }
    let mut out = b"\r".to_vec();
    out.extend_from_slice(&text);
    out.extend_from_slice(b"\x1b[K");
    if behind > 0 {
        out.extend_from_slice(format!("\x1b[{behind}D").as_bytes());
    }
    show(&out);
    line.on_screen = (behind == 0).then_some(text);
}

/// What a key led to.
enum Step {
    Continue,
    Accept,
    EndOfFile,
}

struct Editor {
    /// Bytes of macros, read before the terminal's.
    typed: VecDeque<u8>,
    /// Which line of the history is shown; its length: a new one.
    position: usize,
    /// The new line, while an old one is shown.
    draft: Vec<u32>,
    killed: Vec<u32>,
    /// Whether the key before was a completion that left several possibilities.
    completed: bool,
}

/// Reads a line for `input`; `None`: not from a terminal.
pub fn read_line(vm: &mut Vm, prompt: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(raw) = Raw::new() else { return Ok(None) };
    let prompt = match prompt.downcast::<Str>() {
        Some(text) => encode(&text.get().code_points().collect::<Vec<_>>()),
        None => Vec::new(),
    };
    // Only its last line is shown again.
    let start = prompt.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    show(&prompt[..start]);
    let history = state(vm).history.len();
    // The cursor is at the left, where nothing is.
    state(vm).line = Line { prompt: prompt[start..].to_vec(), shown: true, on_screen: Some(Vec::new()), ..Line::default() };
    let mut editor = Editor { typed: VecDeque::new(), position: history, draft: Vec::new(), killed: Vec::new(), completed: false };
    let result = editor.run(vm);
    state(vm).line.shown = false;
    drop(raw);
    result?;
    let line = encode(&state(vm).line.text());
    let state = state(vm);
    if state.auto_history && !line.is_empty() && state.history.last() != Some(&line) {
        remember(vm, line.clone());
    }
    Ok(Some(fs_decode(vm, &line)))
}

fn call_hook(vm: &mut Vm, hook: Option<Object>) {
    let Some(hook) = hook else { return };
    if let Err(raised) = vm.call(hook.borrow(), &[]) {
        // As in CPython, errors of hooks are nobody's.
        vm.catch(raised);
    }
}

impl Editor {
    fn run(&mut self, vm: &mut Vm) -> PyResult<()> {
        call_hook(vm, STARTUP_HOOK.get());
        redisplay(vm);
        call_hook(vm, PRE_INPUT_HOOK.get());
        redisplay(vm);
        loop {
            match self.step(vm)? {
                Step::Continue => redisplay(vm),
                Step::Accept => {
                    show(b"\n");
                    return Ok(());
                }
                Step::EndOfFile => return Err(end_of_file(vm)),
            }
        }
    }

    /// The next byte; `None`: the terminal has gone.
    fn byte(&mut self, vm: &mut Vm) -> PyResult<Option<u8>> {
        if let Some(byte) = self.typed.pop_front() {
            return Ok(Some(byte));
        }
        let mut byte = [0];
        match retry(vm, || sys::read(0, Memory::of_slice_mut(&mut byte)))? {
            Ok(0) | Err(libc::EIO) => Ok(None),
            Ok(_) => Ok(Some(byte[0])),
            Err(code) => Err(os_error(vm, code, None)),
        }
    }

    /// A key: one byte, a whole character, or an escape sequence.
    fn key(&mut self, vm: &mut Vm) -> PyResult<Option<Vec<u8>>> {
        let Some(first) = self.byte(vm)? else { return Ok(None) };
        let mut key = vec![first];
        let following = match first {
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            0x1b => return self.escape_sequence(vm, key).map(Some),
            _ => 0,
        };
        for _ in 0..following {
            key.extend(self.byte(vm)?);
        }
        Ok(Some(key))
    }

    fn escape_sequence(&mut self, vm: &mut Vm, mut key: Vec<u8>) -> PyResult<Vec<u8>> {
        let Some(second) = self.byte(vm)? else { return Ok(key) };
        key.push(second);
        if !matches!(second, b'[' | b'O') {
            return Ok(key);
        }
        while let Some(byte) = self.byte(vm)? {
            key.push(byte);
            if (0x40..=0x7e).contains(&byte) {
                break;
            }
        }
        Ok(key)
    }

    fn step(&mut self, vm: &mut Vm) -> PyResult<Step> {
        let Some(key) = self.key(vm)? else { return Ok(Step::EndOfFile) };
        let was_completed = std::mem::take(&mut self.completed);
        match state(vm).bindings.find(&key).cloned() {
            Some(Action::Macro(bytes)) => {
                bytes.iter().rev().for_each(|&byte| self.typed.push_front(byte));
                Ok(Step::Continue)
            }
            Some(Action::Command(command)) => self.execute(vm, &command, &key, was_completed),
            None => self.execute(vm, default_command(&key), &key, was_completed),
        }
    }

    fn execute(&mut self, vm: &mut Vm, command: &str, key: &[u8], was_completed: bool) -> PyResult<Step> {
        if matches!(command, "previous-history" | "next-history" | "beginning-of-history" | "end-of-history") {
            self.recall(vm, command);
            return Ok(Step::Continue);
        }
        if matches!(command, "complete" | "rl_complete" | "menu-complete") {
            self.complete(vm, was_completed)?;
            return Ok(Step::Continue);
        }
        let line = &mut state(vm).line;
        let (cursor, end) = (line.cursor, line.text.len());
        match command {
            "accept-line" => return Ok(Step::Accept),
            "delete-or-eof" if end == 0 => return Ok(Step::EndOfFile),
            "delete-char" | "delete-or-eof" if cursor < end => drop(line.remove(cursor..cursor + 1)),
            "backward-delete-char" if cursor > 0 => drop(line.remove(cursor - 1..cursor)),
            "backward-char" => line.cursor = cursor.saturating_sub(1),
            "forward-char" => line.cursor = (cursor + 1).min(end),
            "beginning-of-line" => line.cursor = 0,
            "end-of-line" => line.cursor = end,
            "backward-word" => line.cursor = line.word_start(),
            "forward-word" => line.cursor = line.word_end(),
            "kill-line" => self.killed = line.remove(cursor..end),
            "unix-line-discard" => self.killed = line.remove(0..cursor),
            "backward-kill-word" | "unix-word-rubout" => self.killed = line.remove(line.word_start()..cursor),
            "kill-word" => self.killed = line.remove(cursor..line.word_end()),
            "yank" => line.insert(&self.killed),
            "transpose-chars" if cursor > 0 && end > 1 => {
                let at = cursor.min(end - 1);
                line.text.swap(at - 1, at);
                line.cursor = at + 1;
            }
            "clear-screen" => {
                show(b"\x1b[H\x1b[2J");
                line.on_screen = None;
            }
            "self-insert" => line.insert(&decode(key)),
            "redraw-current-line" => line.on_screen = None,
            "" => {}
            _ => bell(),
        }
        Ok(Step::Continue)
    }

    /// Shows another line of the history.
    fn recall(&mut self, vm: &mut Vm, command: &str) {
        let state = state(vm);
        let newest = state.history.len();
        let position = match command {
            "previous-history" => self.position.checked_sub(1),
            "next-history" => Some(self.position + 1).filter(|position| *position <= newest),
            "beginning-of-history" => Some(0),
            _ => Some(newest),
        };
        let Some(position) = position else { return bell() };
        if self.position >= newest {
            self.draft = state.line.text();
        }
        self.position = position;
        let text = state.history.get(position).map_or_else(|| self.draft.clone(), |line| decode(line));
        state.line.set(text);
    }

    /// Completes the word before the cursor.
    fn complete(&mut self, vm: &mut Vm, again: bool) -> PyResult<()> {
        let delimiters = state(vm).delimiters.clone();
        let delimiters: Vec<u32> = delimiters.borrow().downcast::<Str>().map_or_else(Vec::new, |text| text.get().code_points().collect());
        let line = &state(vm).line;
        let end = line.cursor;
        let start = line.text[..end].iter().rposition(|character| delimiters.contains(character)).map_or(0, |position| position + 1);
        let word = line.text[start..end].to_vec();
        state(vm).scope = (start, end);
        state(vm).completion_type = i64::from(if again { b'?' } else { b'\t' });
        let mut matches = possible_completions(vm, &word);
        matches.sort();
        matches.dedup();
        let Some(first) = matches.first() else {
            bell();
            return Ok(());
        };
        let common = matches.iter().fold(first.len(), |common, other| first.iter().zip(other).take(common).take_while(|(a, b)| a == b).count());
        let replacement = first[..common].to_vec();
        // A completer may have changed the line itself, and have nothing to add.
        if replacement != word && (matches.len() == 1 || replacement.len() > word.len()) {
            let line = &mut state(vm).line;
            line.remove(start..end.min(line.text.len()));
            line.insert(&replacement);
        }
        if matches.len() > 1 {
            if again {
                display_matches(vm, &replacement, &matches);
            } else {
                bell();
            }
            self.completed = true;
        }
        Ok(())
    }
}

/// Asks the completer until it has no more to say.
fn possible_completions(vm: &mut Vm, word: &[u32]) -> Vec<Vec<u32>> {
    let mut matches = Vec::new();
    let Some(completer) = COMPLETER.get() else { return matches };
    let word = vm.new_str_from_code_points(word).into_object();
    for number in 0.. {
        let found = match vm.call(completer.borrow(), &[word.borrow(), Object::small_int(number).borrow()]) {
            Ok(found) => found,
            Err(raised) => {
                // As in CPython, a completer's errors end the list.
                vm.catch(raised);
                break;
            }
        };
        match found.borrow().downcast::<Str>() {
            Some(text) => matches.push(text.get().code_points().collect()),
            None => break,
        }
    }
    matches
}

fn display_matches(vm: &mut Vm, substitution: &[u32], matches: &[Vec<u32>]) {
    state(vm).line.on_screen = None;
    let longest = matches.iter().map(Vec::len).max().unwrap_or(0);
    if let Some(hook) = DISPLAY_HOOK.get() {
        let substitution = vm.new_str_from_code_points(substitution).into_object();
        let items = matches.iter().map(|text| vm.new_str_from_code_points(text).into_object()).collect();
        let items = vm.new_list(items).into_object();
        let result = vm.call(hook.borrow(), &[substitution.borrow(), items.borrow(), Object::small_int(longest as i64).borrow()]);
        if let Err(raised) = result {
            vm.catch(raised);
        }
        return;
    }
    let columns = sys::window_size(1).map_or(80, |size| usize::from(size.ws_col.max(1)));
    let per_row = (columns / (longest + 2)).max(1);
    let mut out = b"\n".to_vec();
    for row in matches.chunks(per_row) {
        for text in row {
            out.extend(encode(text));
            out.extend(std::iter::repeat_n(b' ', longest + 2 - text.len()));
        }
        out.push(b'\n');
    }
    show(&out);
}

/// What a key does unless it is bound to something else.
fn default_command(key: &[u8]) -> &'static str {
    match key {
        b"\r" | b"\n" => "accept-line",
        b"\x01" | b"\x1b[H" | b"\x1bOH" | b"\x1b[1~" => "beginning-of-line",
        b"\x05" | b"\x1b[F" | b"\x1bOF" | b"\x1b[4~" => "end-of-line",
        b"\x02" | b"\x1b[D" | b"\x1bOD" => "backward-char",
        b"\x06" | b"\x1b[C" | b"\x1bOC" => "forward-char",
        b"\x10" | b"\x1b[A" | b"\x1bOA" => "previous-history",
        b"\x0e" | b"\x1b[B" | b"\x1bOB" => "next-history",
        b"\x04" => "delete-or-eof",
        b"\x1b[3~" => "delete-char",
        b"\x7f" | b"\x08" => "backward-delete-char",
        b"\x0b" => "kill-line",
        b"\x15" => "unix-line-discard",
        b"\x17" | b"\x1b\x7f" => "backward-kill-word",
        b"\x1bd" => "kill-word",
        b"\x1bb" | b"\x1b[1;5D" => "backward-word",
        b"\x1bf" | b"\x1b[1;5C" => "forward-word",
        b"\x1b<" => "beginning-of-history",
        b"\x1b>" => "end-of-history",
        b"\x19" => "yank",
        b"\x14" => "transpose-chars",
        b"\x0c" => "clear-screen",
        b"\t" => "self-insert",
        [byte, ..] if *byte >= 0x20 => "self-insert",
        _ => "unbound",
    }
}
