/**
 * Files that are dropped on an element or pasted into it: `{@attach takesFiles((files) => picker.add(files))}`.
 * While files hover over the element it carries `data-dropping`.
 */
import type { Attachment } from "svelte/attachments";

export function takesFiles(add: (files: File[]) => void): Attachment<HTMLElement> {
  return (element) => {
    const over = new AbortController();
    const { signal } = over;
    const dropping = (is: boolean): void => void element.toggleAttribute("data-dropping", is);
    element.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      dropping(true);
    }, { signal });
    element.addEventListener("dragleave", (event) => {
      if (!element.contains(event.relatedTarget as Node | null)) dropping(false);
    }, { signal });
    element.addEventListener("drop", (event) => {
      dropping(false);
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      add([...event.dataTransfer.files]);
    }, { signal });
    element.addEventListener("paste", (event) => {
      const files = pasted(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      add(files);
    }, { signal });
    return () => over.abort();
  };
}

/** What is copied from documents comes as text and as a picture of it: the text is meant. */
function pasted(data: DataTransfer | null): File[] {
  if (!data || data.types.includes("text/plain")) return [];
  return [...data.files].map(named);
}

/** Browsers call every picture on the clipboard `image.png`. */
function named(file: File): File {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const at = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-");
  return new File([file], `Pasted ${at}.${file.name.split(".").pop()}`, { type: file.type });
}

/** Where no one takes files, a browser would leave the page and open what was dropped beside the mark. */
export function keepPage(event: DragEvent): void {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}
