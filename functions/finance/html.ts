/** A piece of HTML that is safe to put into a page as it is. */
export interface Html {
  readonly html: string;
}

type Content = Html | string | number | undefined | readonly Content[];

/** HTML in which everything that is put in is text, but for what is HTML itself. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const texts = contents.map(textOf);
  return { html: parts.map((part, index) => part + (texts[index] ?? "")).join("") };
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (typeof content === "string" || typeof content === "number") return escaped(String(content));
  return "html" in content ? content.html : content.map(textOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}
