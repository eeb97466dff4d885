// What the server sends, as JSON, and what it may be asked. tests/test_page_types.py holds the fields and what Python
// makes together. A picture is a key of the picture store, or an address that carries it where that is said.

/** The drawings of a story, and the numbers that tell whether the rest has changed too (view.py). */
interface Drawings {
  story: string;
  boot: string; // tells one run of the app from another
  revision: number;
  jobs_version: number;
  jobs: Job[];
  seconds: number | null; // a picture takes, lately
  doing: string; // a phrase, "" where there is none; so are the next two
  notice: string;
  trouble: string;
}

interface Job {
  id: string;
  frame: string;
  state: "queued" | "drawing" | "failed" | "interrupted";
  ahead: number; // jobs that end before this one starts
  step: number;
  steps: number;
  left: number | null; // seconds
  preview: string | null; // an address
  error: string | null;
}

/** A story as the board shows it, but for its frames. */
interface StoryFacts extends Drawings {
  title: string;
  look: string;
  crop: string;
  quality: string;
  checking: Checking;
  style: Style;
  qualities: Quality[];
  saved: number | null; // seconds since 1970
  can_undo: string | null; // a phrase: "removing frame 3"
  can_redo: string | null;
  cast: Person[];
}

type Checking = "off" | "ask" | "always";

interface Style {
  words: string;
  negative: string;
  aspect: string;
  picture: string | null;
}

interface Quality {
  name: "draft" | "standard" | "fine";
  steps: number | null;
  seconds: number | null;
}

/** One of the cast. */
interface Person {
  name: string;
  pronoun: "she" | "he" | "they" | "it";
  aliases: string[];
  chosen: string; // the id of the portrait they wear
  portraits: Portrait[];
}

interface Portrait {
  id: string;
  label: string;
  picture: string;
  look: Look | null; // of somebody made here
  words: string;
  learned: boolean;
}

interface SentFrame {
  id: string;
  number: number;
  caption: string;
  picture: string | null;
  wrong: Wrong | null;
  stale: boolean;
  cause: string | null; // a phrase
  locked: boolean;
  sees: number | null; // how many earlier frames it reads; null for all
  seed: number | null;
  who: Who[];
  pronouns: Pronoun[];
  asked: Asked[];
  where: Where | null; // null where the pipeline does not say which places it knows
  wordings: [string, string][]; // what is written, and what is drawn in its place
  board: Notes | null;
  lasts: number; // seconds in a film
  takes: Takes;
}

/** What the model sees in a picture beside what its sentence says. */
interface Wrong {
  missing: string[];
  twice: string[];
  others: string[];
  strangers: number;
  place: string | null;
}

interface Who {
  name: string;
  how: "named" | "meant" | "added" | "out" | "absent";
  portrait: string | null; // the one they wear in this frame alone
}

interface Pronoun {
  word: string;
  start: number;
  end: number;
  occurrence: number;
  names: string[];
  confidence: number;
  by: "model" | "writer" | "words" | null;
  from: number | null; // the frame that has the name
}

/** What a sentence calls somebody who may be several. */
interface Asked {
  phrase: string;
  start: number;
  end: number;
  people: string[];
}

interface Where {
  place: string | null;
  by: "writer" | "words" | null;
  from: number | null; // the frame from which it is carried on
  several: boolean;
}

interface Notes {
  shot: string;
  dialogue: string;
  notes: string;
  seconds: number | null;
}

interface Takes {
  all: Take[];
  chosen: number; // -1 without any
}

interface Take {
  id: string;
  picture: string;
  seed: number;
  caption: string;
  wrong: Wrong | null;
}

/** What the picture on the board was drawn with. */
interface Details {
  id: string;
  caption: string;
  resolved: string;
  prompt: string;
  understood: string;
  seed: number;
  steps: number;
  guidance: number;
  seconds: number;
  conditioning: string;
  model: string;
  checked: boolean;
  wrong: Wrong | null;
  attention: Named[];
  portraits: Named[];
  read: Read[];
}

/** The same of a frame without a picture. */
interface NoDetails {
  id: null;
  attention: Named[];
}

interface Named {
  name: string;
  picture: string;
}

/** A picture that was read; null where its frame is gone. */
interface Read {
  number: number | null;
  picture: string | null;
}

/** What the model makes of a sentence. */
interface Words {
  unknown: string[];
  read: string; // the end of what it reads, "" where that is all
  uninvited: boolean;
  strangers: string[];
  outsiders: string[];
  closest: Wording[];
  gist: Gist | null;
}

interface Wording {
  written: string;
  drawn: string;
}

interface Gist {
  doings: Doing[];
  others: string[];
  where: GistPlace | null;
  around: string;
}

interface Doing {
  names: string[];
  deed: string;
  words: string[];
}

interface GistPlace {
  place: string;
  words: string[];
  from: number | null;
}

type Colour = number[]; // red, green, blue

/** What somebody looks like: people/look.py. */
interface Look {
  kind: string;
  pronoun: string;
  age: string;
  height: string;
  girth: string;
  skin: Colour;
  hair: string;
  hair_colour: Colour;
  beard: string;
  glasses: string;
  marks: string[];
  headwear: string;
  headwear_colour: Colour;
  top: string;
  top_colour: Colour;
  pattern: string;
  accent: Colour;
  bottom: string;
  bottom_colour: Colour;
  footwear: string;
  footwear_colour: Colour;
  extras: Record<string, Colour>;
}

/** A look as the maker shows it. */
interface ShownLook {
  look: Look;
  picture: string; // an address
  words: string;
  hidden: string[]; // fields whose value cannot be seen
}

/** A script as the frames it would become. */
interface Split {
  frames: string[];
  boards: Notes[];
  kind: "fountain" | "final_draft" | "srt" | "vtt" | "csv" | "tsv" | "markdown" | "list" | "text";
  scenes: number;
  total: number;
  room: number;
  notices: string[]; // phrases
}

/** A story in the list of stories. */
interface StoryLine {
  id: string;
  title: string;
  opening: string;
  frames: number;
  picture: string | null;
  updated: number; // seconds since 1970
}

interface SentFile {
  path: string;
  name: string;
}

/** What there is to choose a look from (studio/maker.py). */
interface Wardrobe {
  choices: Record<string, Record<string, string[]>>; // by kind and field
  skin: Record<string, Colour[]>; // by kind
  hair_colour: Record<string, Colour[]>;
  cloth: Colour[];
  most_extras: number;
}

/** Settings of the app, which come with the page (board.py). */
interface Settings {
  pictures: string; // the folder
  places: string[];
  actions: string[];
  example: string;
  side: number; // pixels, 0 where that is not known
  context_frames: number; // 0 for as many as there are
  styled: boolean;
  style_pictures: boolean;
  style_limit: number;
  looks_limit: number;
  aspects: Record<string, number[]>;
  shows_attention: boolean;
  judges: boolean;
  looks: Finishes;
  model: string;
  people: string[];
  anybody: boolean;
  wardrobe: Wardrobe;
  limit: number;
  note_limits: Record<string, number>;
  script_limit: number;
  upload_mb: number;
  sign_in: boolean;
  kept: "disk" | "hub" | "nowhere";
}

/** Looks as brightness and one curve a colour (looks.py). */
interface Finishes {
  brightness: number[];
  curves: Record<string, number[][]>;
}

/** What may be asked, what is to be said with it, and what is answered beside the view. */
interface Calls {
  // The story
  open_story(message: { story: string | null; first: boolean; fresh: boolean }): Opened;
  get_news(message: {}): { gone: boolean };
  undo(message: {}): { phrase: string };
  redo(message: {}): { phrase: string };
  set_look(message: { look: string }): {};
  set_crop(message: { crop: string }): {};
  set_quality(message: { quality: string }): {};
  set_checking(message: { checking: string }): {};
  set_style(message: { words: string; negative: string; aspect: string }): {};
  set_style_picture(message: { path: string }): {};
  remove_style_picture(message: {}): {};
  // Frames
  add_frame(message: { caption: string; wordings: Wording[] } & Beside): { frame: string };
  add_script(message: { captions: string[]; boards: Notes[]; draw: boolean } & Beside): { frames: string[] };
  edit_frame(message: { frame: string; caption: string; base: string; draw: boolean }): {};
  note_frame(message: { frame: string } & Partial<Notes>): {};
  move_frame(message: { frame: string; number: number }): {};
  duplicate_frame(message: { frame: string }): { frame: string };
  remove_frame(message: { frame: string }): {};
  lock_frame(message: { frame: string; locked: boolean }): {};
  see_frames(message: { frame: string; sees: number | null }): {};
  set_place(message: { frame: string; place: string | null }): {};
  include_name(message: { frame: string; name: string; how: string }): {};
  rebind(message: { frame: string; occurrence: number; names: string[] | null }): {};
  use_portrait(message: { frame: string; name: string; portrait: string | null }): {};
  draw_as(message: { frame: string; written: string; drawn: string | null }): {};
  choose_take(message: { frame: string; take: string }): {};
  keep_seed(message: { frame: string; seed: number | null }): {};
  // Drawing
  draw_frame(message: { frame: string }): {};
  reroll_frame(message: { frame: string }): {};
  draw_best(message: { frame: string }): {};
  draw_variants(message: { frame: string; count: number }): {};
  draw_missing(message: {}): {};
  draw_stale(message: {}): {};
  retry_failed(message: {}): {};
  resume(message: {}): {};
  stop_frame(message: { frame: string }): {};
  cancel_job(message: { job: string }): {};
  cancel_all(message: {}): {};
  // The cast
  add_character(message: { new_name: string; pronoun: string; aliases: string[]; path: string }): {};
  edit_character(message: { name: string; new_name: string; pronoun: string; aliases: string[] }): {};
  remove_character(message: { name: string }): {};
  make_character(message: { name: string; pronoun: string; aliases: string[]; look: Look }): { name: string };
  change_look(message: { name: string; look: Look }): {};
  add_portrait(message: { name: string; path: string }): { portrait: string };
  choose_portrait(message: { name: string; portrait: string }): {};
  describe_portrait(message: { name: string; portrait: string; words: string }): {};
  // Questions
  frame_details(message: { frame: string }): { details: Details | NoDetails };
  frames_touched(message: { name: string; portrait: string }): { numbers: number[] };
  look_at_words(message: { caption: string; wordings: Wording[] } & Beside): Words;
  preview_look(message: { look: Look; changes: LookChange[] }): ShownLook;
  random_look(message: { seed: number }): ShownLook;
  look_of_picture(message: { path: string }): ShownLook & { given: string };
  preview_portrait(message: { path: string }): { picture: string };
  split_script(message: { text: string; file: string | null; first: number }): Split;
  // All stories
  list_stories(message: {}): { stories: StoryLine[]; deleted: StoryLine[]; account?: string };
  rename_story(message: { of: string; title: string }): {};
  duplicate_story(message: { of: string }): { opened: string };
  delete_story(message: { of: string }): {};
  restore_story(message: { of: string }): {};
  // Files
  import_project(message: { path: string }): { opened: string; notices: string[] };
  import_picture(message: { path: string }): { frame: string };
  export(message: { kind: string; per_page: number }): { files: SentFile[] };
  export_frame(message: { frame: string }): { files: SentFile[] };
}

/** Beside which frame what is written goes; neither for the end of the story. */
interface Beside {
  after?: string;
  before?: string;
}

type LookChange = [field: string, value: unknown];

interface Opened {
  view: SentView;
  not_found: boolean;
  example: boolean;
  notice?: string;
}

/** A view on its way: a frame that is as it was in the view stamped `since` is only its id (changed.py). */
interface SentView extends StoryFacts {
  frames: (SentFrame | string)[];
  stamp: string;
  since?: string;
}

/** While only drawings go on there is nothing else to say. */
type News = SentView | (Drawings & { frames?: undefined });
