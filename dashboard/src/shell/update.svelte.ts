/** A newer version of the dashboard than the one that runs. Whoever learns of it says how to change over. */
class Update {
  changeOver = $state.raw<(() => unknown) | null>(null);

  offer(changeOver: () => unknown): void {
    this.changeOver = changeOver;
  }

  later(): void {
    this.changeOver = null;
  }
}

export const update = new Update();
