// A picture file of the visitor -> what is sent: as it is, or drawn smaller where it is too large or of another kind.
import { keep } from "./memory.js";

const TAKEN = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
const LONGEST = 1600;

/** Reads a picture and gives the key under which it is kept: `{base64, url, name}`. */
export async function keepPicture(file, mostBytes) {
  if (!file.type.startsWith("image/")) throw new Error(`${file.name || "That"} is no picture.`);
  const room = Math.min(mostBytes / 4, 4_000_000);
  const sent = TAKEN.includes(file.type) && file.size <= room ? file : await smaller(file, room);
  return keep({ base64: await base64(sent), url: URL.createObjectURL(sent), name: file.name || "picture" });
}

async function smaller(file, room) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    throw new Error(`${file.name || "That picture"} cannot be read by this browser.`);
  } finally {
    URL.revokeObjectURL(url);
  }
  const kinds = file.type === "image/jpeg" ? ["image/jpeg"] : ["image/png", "image/jpeg"];
  for (let longest = LONGEST; ; longest /= 2) {
    for (const kind of kinds) {
      const drawn = await drawnAt(image, longest, kind);
      if (drawn.size <= room || longest < 100) return drawn;
    }
  }
}

/** The picture with sides of at most so many pixels, on white: JPEG would make black of what is transparent. */
function drawnAt(image, longest, kind) {
  const scale = Math.min(1, longest / Math.max(image.naturalWidth, image.naturalHeight, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round((image.naturalWidth || longest) * scale));
  canvas.height = Math.max(1, Math.round((image.naturalHeight || longest) * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, kind, 0.92));
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** The pictures among what was dropped or pasted. */
export function picturesIn(transfer) {
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

/** Lets the visitor choose a picture file. */
export function choosePicture() {
  return new Promise((done) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.addEventListener("change", () => done([...input.files]));
    input.addEventListener("cancel", () => done([]));
    input.click();
  });
}
