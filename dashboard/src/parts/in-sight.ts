/** Whether all of an element can be seen: within the window, and nothing lies over it. */

const NEARLY_PX = 2;

export function isInSight(element: HTMLElement): boolean {
  const { top, bottom, left, width } = element.getBoundingClientRect();
  if (top < -NEARLY_PX || bottom > window.innerHeight + NEARLY_PX) return false;
  const middle = left + width / 2;
  return [top + NEARLY_PX, bottom - NEARLY_PX].every((height) => {
    const there = document.elementFromPoint(middle, height);
    return !there || element.contains(there) || there.contains(element);
  });
}
