// Which table of words is spoken, and how: say(), sayCount(), and phrases the server made in English.

const LANGUAGE_KEY = "storyboard.language";
const language = chooseLanguage();
// A word a language lacks is said in English.
/** @type {Record<Key, string>} */
const STRINGS = { ...ENGLISH, ...TABLES[language] };

function chooseLanguage() {
  const wished = [remembered(LANGUAGE_KEY) || "", ...(navigator.languages || [navigator.language])];
  return wished.map((one) => one.slice(0, 2)).find((one) => TABLES[one]) || "en";
}

/** @param {Key} key @param {...unknown} values */
function say(key, ...values) {
  return STRINGS[key].replace(/%(\d)(?!\d)/g, (_, place) => String(values[Number(place) - 1]));
}

/** @param {CountKey} key @param {number} count @param {...unknown} values */
function sayCount(key, count, ...values) {
  const exact = /** @type {Key} */ (`${key}_${count}`);
  return say(exact in STRINGS ? exact : `${key}_n`, count, ...values);
}

// Causes, names of edits and refusals come from the server in English; a language may have patterns for them.
/** @param {string} phrase */
function sayPhrase(phrase) {
  for (const [pattern, words] of (TABLES[language].phrases || [])) {
    if (pattern.test(phrase)) return phrase.replace(pattern, words);
  }
  return phrase;
}

// "Rosa, Milo or Bolt"
/** @param {string[]} names */
function sayAnyOf(names) {
  return new Intl.ListFormat(region(), { type: "disjunction" }).format(names);
}

/** @param {number} seconds */
function sayTime(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 90 ? say("seconds", whole) : say("minutes", Math.round(whole / 60));
}

// A picture may take less than a second, and twice that is worth knowing.
/** @param {number} seconds */
function saySeconds(seconds) {
  return seconds < 9.5 ? say("seconds", Number(seconds.toPrecision(seconds < 1 ? 1 : 2)).toLocaleString(region())) : sayTime(seconds);
}

// "en-GB" where that is what the reader has and English is spoken: clocks and dates differ by country.
function region() {
  return (navigator.languages || []).find((one) => one.slice(0, 2) === language) || language;
}

/** @param {Date} date */
function sayClock(date) {
  return date.toLocaleTimeString(region(), { hour: "numeric", minute: "2-digit" });
}

// The constant template carries keys only: data-say for text, data-label for what a control is called.
/** @param {HTMLElement} root */
function translate(root) {
  root.lang = language;
  for (const node of allIn(root, "[data-say]")) node.textContent = say(/** @type {Key} */ (node.dataset.say));
  for (const node of allIn(root, "[data-label]")) {
    const label = say(/** @type {Key} */ (node.dataset.label));
    node.setAttribute("aria-label", label);
    if (node.tagName === "BUTTON") node.title = label;
  }
}

/** @param {HTMLSelectElement} select */
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
/** @param {string} key */
function remembered(key) {
  try {
    return window.localStorage.getItem(key);
  } catch (error) {
    return null;
  }
}

/** @param {string} key @param {string | null} value */
function remember(key, value) {
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, value);
  } catch (error) {
    console.warn(error);
  }
}
