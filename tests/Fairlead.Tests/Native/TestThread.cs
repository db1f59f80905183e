using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Fairlead.Tests.Native;

/// <summary>A thread for the tests of waiting: it has a kernel id, and its exception is rethrown.</summary>
internal sealed partial class TestThread : IDisposable
{
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _begun = new();
    private ExceptionDispatchInfo? _failure;
    private int _id;
    private nuint _handle;

    private TestThread(Action body)
    {
        _thread = new Thread(() => Run(body)) { IsBackground = true };
        _thread.Start();
        _begun.Wait();
    }

    public static TestThread Start(Action body) => new(body);

    /// <summary>Returns when the thread appears to sleep in the kernel.</summary>
    public void UntilAsleep()
    {
        // "pid (name) state": the name of this thread has no parenthesis.
        var stat = string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{_id}/stat");
        while (File.ReadAllText(stat).Split(')')[1][1] != 'S')
        {
            Thread.Yield();
        }
    }

    /// <summary>
    /// Returns when the thread sleeps in a system call with this first argument: a descriptor's number, or a word's address. A thread may
    /// also sleep because it waits for the runtime; then it has not begun yet.
    /// </summary>
    public void UntilAsleepIn(nuint firstArgument)
    {
        // "number 0x… 0x…", or "running".
        var call = string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{_id}/syscall");
        var wanted = string.Create(CultureInfo.InvariantCulture, $"0x{firstArgument:x}");
        while (File.ReadAllText(call).Split(' ') is not [_, var first, ..] || first != wanted)
        {
            Thread.Yield();
        }
    }

    /// <summary>Interrupts the system call in which the thread waits. The test has a handler for SIGCONT.</summary>
    public void Interrupt() => Assert.Equal(0, Kill(_handle, signal: 18));

    /// <summary>Waits for the end, and throws what the thread threw.</summary>
    public void Join()
    {
        _thread.Join();
        _failure?.Throw();
    }

    public void Dispose() => _begun.Dispose();

    private void Run(Action body)
    {
        _id = ThreadId();
        _handle = Self();
        _begun.Set();
        try
        {
            body();
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int ThreadId();

    [LibraryImport("libc", EntryPoint = "pthread_self")]
    private static partial nuint Self();

    [LibraryImport("libc", EntryPoint = "pthread_kill")]
    private static partial int Kill(nuint thread, int signal);
}
