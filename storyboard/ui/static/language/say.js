// Which table of words is spoken, and how: say(), sayCount(), and phrases the server made in English.

const LANGUAGE_KEY = "storyboard.language";
const language = chooseLanguage();
const STRINGS = { ...TABLES.en, ...TABLES[language] }; // a word a language lacks is said in English

function chooseLanguage() {
  const wished = [remembered(LANGUAGE_KEY), ...(navigator.languages || [navigator.language])];
  const known = wished.filter(Boolean).map((one) => one.slice(0, 2)).find((one) => TABLES[one]);
  return known || "en";
}

function say(key, ...values) {
  return STRINGS[key].replace(/%(\d)(?!\d)/g, (_, place) => String(values[place - 1]));
}

function sayCount(key, count, ...values) {
  const exact = `${key}_${count}`;
  return say(exact in STRINGS ? exact : `${key}_n`, count, ...values);
}

// Causes, names of edits and refusals come from the server in English; a language may have patterns for them.
function sayPhrase(phrase) {
  for (const [pattern, words] of (TABLES[language].phrases || [])) {
    if (pattern.test(phrase)) return phrase.replace(pattern, words);
  }
  return phrase;
}

// "Rosa, Milo or Bolt"
function sayAnyOf(names) {
  return new Intl.ListFormat(region(), { type: "disjunction" }).format(names);
}

function sayTime(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 90 ? say("seconds", whole) : say("minutes", Math.round(whole / 60));
}

// A picture may take less than a second, and twice that is worth knowing.
function saySeconds(seconds) {
  return seconds < 9.5 ? say("seconds", Number(seconds.toPrecision(seconds < 1 ? 1 : 2)).toLocaleString(region())) : sayTime(seconds);
}

// "en-GB" where that is what the reader has and English is spoken: clocks and dates differ by country.
function region() {
  return (navigator.languages || []).find((one) => one.slice(0, 2) === language) || language;
}

function sayClock(date) {
  return date.toLocaleTimeString(region(), { hour: "numeric", minute: "2-digit" });
}

// The constant template carries keys only: data-say for text, data-label for what a control is called.
function translate(root) {
  root.lang = language;
  for (const node of root.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", say(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = say(node.dataset.label);
  }
}

function fillLanguages(select) {
  for (const [code, table] of Object.entries(TABLES)) {
    const option = make("option", "", table.language);
    option.value = code;
    option.lang = code;
    option.selected = code === language;
    select.append(option);
  }
  select.addEventListener("change", async () => {
    remember(LANGUAGE_KEY, select.value);
    await saveEverything(); // the page is built anew in the other language
    window.location.reload();
  });
}

// Browser storage may be forbidden: then nothing is remembered and all else works.
function remembered(key) {
  try {
    return window.localStorage.getItem(key);
  } catch (error) {
    return null;
  }
}

function remember(key, value) {
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, value);
  } catch (error) {
    console.warn(error);
  }
}
