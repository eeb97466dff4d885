// What the page makes of what it is sent. The scripts are one script with one scope, so all of these names are too.

// What gr.HTML gives the script.
declare const element: HTMLElement;
declare const props: Settings;
declare const server: { [Verb in keyof Calls]: (message: object) => Promise<Raw<Verb>> };
declare function upload(file: File): Promise<Uploaded>;

interface Uploaded {
  path: string;
}

interface Window {
  gradio_config?: { root?: string; app_id?: string | number };
  supports_zerogpu_headers?: boolean;
}

/** What arrives: null from a server with nothing to say, undefined where it cannot be reached. */
type Raw<Verb extends keyof Calls> = ({ view?: News; error?: string } & Partial<ReturnType<Calls[Verb]>>) | null | undefined;
type Message<Verb extends keyof Calls> = Partial<Parameters<Calls[Verb]>[0]>;
/** What `ask` answers: what was asked for, or a sentence that says why not. */
type Answer<Verb extends keyof Calls> = Answered<ReturnType<Calls[Verb]>>;
type Answered<Facts> = (Facts & { error: null }) | ({ [Name in keyof Facts]?: undefined } & { error: Sentence });
type Sentence = `${string} ${string}`; // to tsc, a text that is not empty

// -- What is shown -------------------------------------------------------------------------------------------------

interface View extends StoryFacts {
  frames: Frame[];
  stamp: string | null; // null: the next look brings everything
}

interface Frame extends SentFrame {
  job: Job | null;
}

/** One frame's card, and what is known of the sentence in its box. */
interface Card {
  id: string;
  frame: Frame;
  painted: string | null; // what it was painted from
  locked?: boolean; // as it was painted
  saved: string; // the sentence the server has
  base: string | null; // the sentence the writer started from, while the box differs from it
  sent: string | null; // the sentence that is on its way
  problem: string | null;
  lookAtWords: () => void;
  root: HTMLLIElement;
  thread: HTMLElement;
  knot: HTMLButtonElement;
  reads: HTMLElement;
  // The picture
  box: HTMLElement;
  picture: HTMLImageElement;
  preview: HTMLImageElement;
  looks: HTMLElement;
  blank: HTMLElement;
  open: HTMLButtonElement;
  number: HTMLElement;
  stale: HTMLElement;
  staleWords: HTMLElement;
  lock: HTMLButtonElement;
  takes: HTMLElement;
  before: HTMLButtonElement;
  take: HTMLElement;
  after: HTMLButtonElement;
  progress: HTMLElement;
  bar: HTMLElement;
  fill: HTMLElement;
  status: HTMLElement;
  stop: HTMLButtonElement;
  // The sentence
  text: HTMLTextAreaElement;
  hint: HTMLElement;
  note: HTMLElement;
  typing: HTMLElement;
  clash: HTMLElement;
  // Below it
  noted: HTMLElement;
  cause: HTMLElement;
  wrong: HTMLElement;
  wrongs: HTMLElement;
  again: HTMLButtonElement;
  who: HTMLElement;
  words: HTMLButtonElement;
  error: HTMLElement;
  draw: HTMLButtonElement;
  reroll: HTMLButtonElement;
  more: HTMLButtonElement;
}

/** The open panel. */
interface Panel {
  id: string;
  details: Details | NoDetails | null; // null until they are there
  asked: string;
  shown: Set<string>; // whose attention is laid over the picture
  root: HTMLLIElement;
  title: HTMLElement;
  close: HTMLButtonElement;
  notes: NoteFields;
  takes: HTMLElement;
  reads: HTMLElement;
  who: HTMLElement;
  drawn: HTMLElement;
  looked?: HTMLElement; // of a model that says where it looked
}

interface NoteFields {
  box: HTMLElement;
  fields: Record<keyof Notes, InLabel<HTMLInputElement | HTMLTextAreaElement>>;
  problem: HTMLElement;
}

/** The line where the next sentence is written. */
interface Composer {
  text: HTMLTextAreaElement;
  form: HTMLFormElement;
  problem: HTMLElement;
  ideas: HTMLElement;
  label: HTMLElement;
  place: HTMLElement;
  unknown: HTMLElement;
  gist: HTMLElement;
  closest: HTMLElement;
  wordings: Wording[]; // what is drawn in place of words of the sentence
  insert: Insert | null; // null: at the end
  look: () => void;
}

/** The card beside which a sentence goes. */
interface Insert {
  id: string;
  side: "before" | "after";
}

interface Draft {
  text: string;
  base?: string | null;
}

interface Playing {
  root: HTMLDialogElement;
  frames: Frame[];
  at: number;
  timer: number;
  running: boolean;
  image: HTMLImageElement;
  words: HTMLElement;
  said: HTMLElement;
  place: HTMLElement;
  fill: HTMLElement;
  pause: HTMLButtonElement;
}

// -- Sheets --------------------------------------------------------------------------------------------------------

interface Dialog {
  root: HTMLDialogElement;
  heading: HTMLElement;
  body: HTMLElement;
  close: () => void;
}

/** What has a place for an error. */
interface Problematic {
  problem: HTMLElement;
}

interface PersonSheet extends Problematic {
  name: string | null; // null while somebody new is being made
  dialog: Dialog;
  picture: { path: string; shown: string } | null; // of somebody new
  portraits: HTMLElement;
  touched: HTMLElement;
  learned: HTMLElement;
  field: InLabel<HTMLInputElement>;
  aliases: InLabel<HTMLInputElement>;
  pronoun: InLabel<HTMLSelectElement>;
  looks?: InLabel<HTMLInputElement>; // for a model that is told in words
}

interface Maker extends Problematic {
  dialog: Dialog;
  person: Person | null; // whose look is changed; null for somebody new
  look: Look | null; // what is shown; null until there is one
  base: Look | null; // what the server has shown
  changes: LookChange[]; // since then
  hidden: string[];
  past: Look[]; // that undo goes back to
  dragged: string | null; // the colour that is being dragged
  asking: boolean;
  again: boolean;
  inputs: Record<string, HTMLInputElement | HTMLSelectElement>;
  toggles: { button: HTMLButtonElement; field: Several; value: string }[];
  swatches: { button: HTMLButtonElement; field: Tint; colour: Colour }[];
  palettes: HTMLElement;
  image: HTMLImageElement;
  given: HTMLImageElement;
  words: HTMLElement;
  dice: HTMLButtonElement;
  back: HTMLButtonElement;
  note: HTMLElement;
  fields: HTMLElement;
  touched: HTMLElement;
  field?: InLabel<HTMLInputElement>; // these two only for somebody new
  pronoun?: InLabel<HTMLSelectElement>;
  save: HTMLButtonElement;
}

/** The maker once there is a look. */
type Dressed = Maker & { look: Look; base: Look };

type FieldsOf<Value> = { [Name in keyof Look]: Look[Name] extends Value ? Name : never }[keyof Look];
type Tint = FieldsOf<Colour>; // fields of a look that are colours
type Wear = FieldsOf<string>; // that are words
type Several = "marks" | "extras"; // that are several

interface ScriptSheet extends Problematic {
  dialog: Dialog;
  frames: string[];
  boards: Notes[];
  dropped: Set<number>;
  timer: number;
  asked: number;
  over: number; // characters that were left out
  file: string | null;
  answer: (Split & { first: number }) | null;
  text: HTMLTextAreaElement;
  count: HTMLElement;
  notices: HTMLElement;
  list: HTMLElement;
  name: HTMLElement;
  draw: HTMLInputElement;
  accept: HTMLButtonElement;
}

interface SettingsSheet extends Problematic {
  dialog: Dialog;
  looks: Tile[];
  crops: Tile[];
  qualities: Tile[];
  checkings: Tile[];
  style?: StyleFields;
}

interface Tile {
  root: HTMLElement;
  input: HTMLInputElement;
  facts: HTMLElement;
  value: string;
}

interface StyleFields {
  words: InLabel<HTMLInputElement>;
  negative: InLabel<HTMLInputElement>;
  aspect: InLabel<HTMLSelectElement>;
  example: HTMLElement;
}

interface StoriesSheet extends Problematic {
  dialog: Dialog;
  list: HTMLElement;
  gone: HTMLElement;
  goneBox: HTMLElement;
  account: HTMLElement;
}

// -- Building blocks -----------------------------------------------------------------------------------------------

/** Parts of board.html, by their classes without "sb-". */
interface Template {
  root: HTMLElement;
  "story-title": HTMLInputElement;
  saved: HTMLElement;
  undo: HTMLButtonElement;
  redo: HTMLButtonElement;
  "open-stories": HTMLButtonElement;
  export: HTMLButtonElement;
  settings: HTMLButtonElement;
  copy: HTMLButtonElement;
  help: HTMLButtonElement;
  notice: HTMLElement;
  people: HTMLElement;
  count: HTMLElement;
  "play-through": HTMLButtonElement;
  todo: HTMLElement;
  columns: HTMLInputElement;
  empty: HTMLElement;
  cards: HTMLElement;
  composer: HTMLFormElement;
  place: HTMLElement;
  script: HTMLButtonElement;
  problem: HTMLElement;
  gist: HTMLElement;
  unknown: HTMLElement;
  closest: HTMLElement;
  ideas: HTMLElement;
  queue: HTMLElement;
  limits: HTMLElement;
  languages: HTMLSelectElement;
  themes: HTMLSelectElement;
  import: HTMLInputElement;
  drop: HTMLElement;
  toasts: HTMLElement;
  said: HTMLElement;
}

interface Element {
  facts?: string | null; // what `refill` built it from
}

/** A field in its label. */
type InLabel<Field> = Field & { parentElement: HTMLElement };

/** A way on that goes with a message. */
interface Action {
  label: string;
  run: () => unknown;
}

interface MenuEntry extends Action {
  heading?: undefined;
  lead?: Element;
  checked?: boolean;
  disabled?: boolean;
}

/** Null leaves a line between groups. */
type MenuItem = MenuEntry | { heading: string } | null;

/** What `refill` puts into a box; what is not there is left out. */
type Part = Node | string | null | undefined | false | 0;

// -- Words ---------------------------------------------------------------------------------------------------------

type Key = keyof typeof ENGLISH;
/** Keys that are chosen by a count: those that end in _n. */
type CountKey = { [Name in Key]: Name extends `${infer Stem}_n` ? Stem : never }[Key];

type Table = Partial<Record<Key, string>> & {
  language: string;
  phrases?: [RegExp, string][]; // what the server says in English, and how it is said here
  wardrobe?: Record<string, string>;
};
