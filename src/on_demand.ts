/**
 * A function that loads a module when it is first called. It returns a promise only until the module is
 * loaded: an `import()` takes several microseconds each time, and calls of one tick that wait for nothing
 * can share a statement.
 */
export function onDemand<Module>(load: () => Promise<Module>): () => Module | Promise<Module> {
  let module: Module | Promise<Module> | undefined;
  async function loadOnce(): Promise<Module> {
    try {
      return module = await load();
    } catch (error) {
      module = undefined;
      throw error;
    }
  }
  return () => module ??= loadOnce();
}
