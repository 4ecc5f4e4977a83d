// Put before the glue, whose `queueMicrotask` this becomes. Fake timers of test
// frameworks replace the global one; a task that they never run would leave
// every later call of the module waiting behind it.

const settled = Promise.resolve();
const queueMicrotask = (task) => {
  settled.then(task);
};

