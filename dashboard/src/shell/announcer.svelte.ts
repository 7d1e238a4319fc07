/** What a screen reader says about something that happened elsewhere on the page. One live region speaks for all. */
class Announcer {
  text = $state("");

  say(text: string): void {
    // The same words again are news again only if the region's content changes.
    this.text = this.text === text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
