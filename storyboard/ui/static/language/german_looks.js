// What somebody can be and wear, in German, by its English name. What is missing here is said in English.

TABLES.de.wardrobe = {
  none: "nichts",
  human: "Mensch", robot: "Roboter", cat: "Katze", dog: "Hund", rabbit: "Hase", fox: "Fuchs", bear: "Bär",
  child: "Kind", adult: "erwachsen", old: "alt", short: "klein", medium: "mittel", tall: "groß",
  slim: "schlank", round: "rund", big: "kräftig",
  // Hair, heads of robots, markings of animals
  bald: "Glatze", balding: "Haarkranz", "buzz cut": "kurz geschoren", "short hair": "kurze Haare", "pixie cut": "Pixie",
  quiff: "Tolle", "bowl cut": "Topfschnitt", "short curls": "kurze Locken", afro: "Afro", "flat top": "Bürstenschnitt",
  tuft: "Haarbüschel", "spiky hair": "Stacheln", mohawk: "Irokese", cornrows: "Cornrows", curls: "Locken", bun: "Dutt",
  "two buns": "zwei Dutts", bob: "Bob", "long straight hair": "lange glatte Haare", "long wavy hair": "lange wellige Haare",
  ponytail: "Pferdeschwanz", pigtails: "Rattenschwänze", plaits: "Zöpfe", "side plait": "Seitenzopf", locs: "Locs",
  undercut: "Undercut",
  screen: "Bildschirm", dome: "Kuppel", bucket: "Eimer", television: "Fernseher", cyclops: "ein Auge", lantern: "Laterne",
  "plain fur": "einfarbig", "striped fur": "gestreift", "spotted fur": "gefleckt", "an eye patch": "Augenfleck",
  "a white face": "weißes Gesicht",
  // On the face and on the head
  "bushy beard": "Rauschebart", beard: "Vollbart", "long beard": "langer Bart", goatee: "Ziegenbart",
  moustache: "Schnurrbart", stubble: "Stoppeln",
  "round glasses": "runde Brille", "square glasses": "eckige Brille", sunglasses: "Sonnenbrille",
  freckles: "Sommersprossen", lashes: "Wimpern", earrings: "Ohrringe", "beauty spot": "Schönheitsfleck",
  cap: "Kappe", beanie: "Mütze", "bobble hat": "Bommelmütze", "top hat": "Zylinder", "straw hat": "Strohhut",
  "cowboy hat": "Cowboyhut", "witch's hat": "Hexenhut", beret: "Baskenmütze", "chef's hat": "Kochmütze",
  "party hat": "Partyhut", headscarf: "Kopftuch", turban: "Turban", crown: "Krone", headband: "Stirnband",
  "hair bow": "Haarschleife", flower: "Blume",
  // Clothes
  "t-shirt": "T-Shirt", "vest top": "Trägerhemd", shirt: "Hemd", blouse: "Bluse", jumper: "Pullover",
  "roll-neck": "Rollkragen", hoodie: "Kapuzenpulli", cardigan: "Strickjacke", jacket: "Jacke", "suit jacket": "Sakko",
  waistcoat: "Weste", "sailor top": "Matrosenhemd", tunic: "Tunika", poncho: "Poncho", coat: "Mantel",
  raincoat: "Regenmantel", dress: "Kleid", sundress: "Sommerkleid", "long dress": "langes Kleid", kimono: "Kimono",
  sari: "Sari",
  plain: "einfarbig", stripes: "Streifen", checks: "Karos", dots: "Punkte", hearts: "Herzen", flowers: "Blumen",
  zigzag: "Zickzack", star: "Stern", heart: "Herz",
  trousers: "Hose", "wide trousers": "weite Hose", leggings: "Leggings", shorts: "kurze Hose", skirt: "Rock",
  "long skirt": "langer Rock", tutu: "Tutu", dungarees: "Latzhose", pinafore: "Trägerrock",
  shoes: "Schuhe", boots: "Stiefel", trainers: "Turnschuhe", sandals: "Sandalen", "bare feet": "barfuß",
  // Extras
  scarf: "Schal", "bow tie": "Fliege", tie: "Krawatte", necklace: "Kette", apron: "Schürze", cape: "Umhang",
  backpack: "Rucksack", "shoulder bag": "Umhängetasche", belt: "Gürtel", braces: "Hosenträger", gloves: "Handschuhe",
  medal: "Medaille", dial: "Zifferblatt", grille: "Gitter", "heart light": "leuchtendes Herz",
};
