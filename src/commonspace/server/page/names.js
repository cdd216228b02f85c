// What an item is called.
const NAMES = ["name", "title", "caption", "filename", "file"];

/** The name of a hit or a stored row: from its metadata, else its text, else its id. */
export function nameOf(row) {
  for (const field of NAMES) {
    const value = row.metadata?.[field];
    if (typeof value === "string" && value) return value;
  }
  return row.text || row.id;
}

/** What stands below a picture or a text: the name, unless the text is it. */
export function captionOf(row) {
  const name = nameOf(row);
  return row.picture || (row.text && name !== row.text) ? name : row.modality;
}

/** A value of the metadata as text. */
export function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return String(value).replace(/T00:00:00(\.0+)?(\+00:00|Z)?$/, "");
}

/** The field that examples are drawn from. */
export function namingField(collection) {
  const texts = Object.entries(collection.fields).filter(([, kind]) => /string$/.test(kind) && !kind.includes("list"));
  return NAMES.find((name) => texts.some(([field]) => field === name)) ?? texts[0]?.[0] ?? null;
}
