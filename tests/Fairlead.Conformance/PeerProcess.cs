using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Conformance;

/// <summary>A running Fairlead.TestPeer. Disposing kills it if it still runs.</summary>
public sealed partial class PeerProcess : IAsyncDisposable, IDisposable
{
    private const int Stopped = 19;
    private const int Continued = 18;
    private const int KilledCode = 128 + 9;

    // Idle threads of the runtime's pool end 20 s after their last work, each with a few wake-ups, and start anew for the work of a timer.
    // Beside load that needs more than 20 s to calm down. A process that polls never does.
    private const int Windows = 40;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(2);

    // A thread that polls every 20 ms switches a hundred times in a window. The runtime's threads wake up at most once a second.
    private const long MostSwitches = 2;

    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    // The same program, compiled by Native AOT. It starts in a tenth of the time; every eighth peer is still the JIT one, because both are
    // tested. It is the second of eight: the first two peers are one of each kind.
    private static readonly string? Compiled = Environment.GetEnvironmentVariable("FAIRLEAD_COMPILED_PEER") is { Length: > 0 } path
        ? path
        : null;
    private static int _count = -1;

    private readonly StartedPeer _started;
    private volatile bool _isDisposed;

    private PeerProcess(StartedPeer started) => _started = started;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _started.HasExited;

    /// <summary>The process id.</summary>
    public int Id => _started.Id;

    /// <summary>Starts a verb of the test peer.</summary>
    public static PeerProcess Start(params string[] arguments) => Start(null, arguments);

    /// <summary>
    /// Starts a peer by the test's own count, whatever other tests start: numbers 1, 5 and 9 run under the JIT compiler, those between
    /// under Native AOT.
    /// </summary>
    public static PeerProcess StartNumber(int number, params string[] arguments) =>
        new(StartedPeer.Of(Process.Start(StartInfo(Command(number % 4 == 1, arguments)))!));

    /// <summary>The same, with changes to the environment; null removes a variable.</summary>
    public static PeerProcess Start(IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        var start = StartInfo(Command(arguments));
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new PeerProcess(StartedPeer.Of(Process.Start(start)!));
    }

    /// <summary>The same, with descriptors under the numbers that they get in the peer. They stay the caller's.</summary>
    public static PeerProcess StartWith(IReadOnlyDictionary<int, SafeHandle> descriptors, params string[] arguments) =>
        StartWith(descriptors, [], arguments);

    /// <summary>The same, through a command that executes the peer.</summary>
    public static PeerProcess StartWith(IReadOnlyDictionary<int, SafeHandle> descriptors, string[] command, params string[] arguments)
    {
        string[] words = [.. command, .. Command(arguments)];
        return new PeerProcess(
            StartedPeer.Of(
                ChildProcess.Start(
                    words[0],
                    words[1..],
                    new ChildProcessOptions
                    {
                        Descriptors = descriptors,
                        StandardInput = Redirection.Pipe,
                        StandardOutput = Redirection.Pipe,
                        StandardError = Redirection.Pipe,
                    })));
    }

    /// <summary>The same, through a command that executes the peer: <c>env --block-signal=USR1</c>, <c>setsid</c>.</summary>
    public static PeerProcess StartBy(string command, params string[] arguments) =>
        new(StartedPeer.Of(Process.Start(StartInfo([.. command.Split(' '), .. Command(arguments)]))!));

    /// <summary>Starts another program that answers lines as a peer does.</summary>
    public static PeerProcess StartProgram(params string[] command) => new(StartedPeer.Of(Process.Start(StartInfo(command))!));

    /// <summary>Returns the next line that it writes; if there is none, the exception contains its errors.</summary>
    public async Task<string> ReadLineAsync() =>
        await _started.Output.ReadLineAsync().WaitAsync(Watchdog)
            ?? throw new InvalidOperationException($"The peer ended: {await _started.Errors.ReadToEndAsync()}");

    /// <summary>
    /// Returns the next line that it writes, or null when it has ended. Without a time limit: for peers that may be silent for long.
    /// </summary>
    public Task<string?> TryReadLineAsync() => _started.Output.ReadLineAsync();

    /// <summary>Sends a command and returns the answer, without the <c>ok</c> that must precede it.</summary>
    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await AnswerAsync();
    }

    /// <summary>Sends a command; the answer is left for <see cref="AnswerAsync"/>.</summary>
    public async Task TellAsync(string command)
    {
        await _started.Input.WriteLineAsync(command);
        await _started.Input.FlushAsync();
    }

    /// <summary>Returns its next answer, without the <c>ok</c> that must precede it.</summary>
    public async Task<string> AnswerAsync()
    {
        var line = await ReadLineAsync();
        Assert.True(line is "ok" || line.StartsWith("ok ", StringComparison.Ordinal), $"The peer answered: {line}");
        return line.Length > 3 ? line[3..] : "";
    }

    /// <summary>Ends its input and waits for it.</summary>
    public Task<int> FinishAsync()
    {
        _started.Input.Close();
        return ExitAsync();
    }

    /// <summary>Waits for its end; returns the exit code, or 128 plus the signal.</summary>
    public Task<int> ExitAsync() => _started.ExitAsync().WaitAsync(Watchdog);

    /// <summary>Returns what it has written to stderr, when it has ended.</summary>
    public Task<string> ErrorsAsync() => _started.Errors.ReadToEndAsync();

    /// <summary>Sends SIGKILL, without waiting for its effect.</summary>
    public void KillAndGoOn() => _started.Kill();

    /// <summary>Sends SIGKILL, and waits until the process is gone.</summary>
    public async Task KillAsync()
    {
        _started.Kill();
        await ExitAsync();
    }

    /// <summary>The same for a peer that must still be running: one that has ended by itself fails the test.</summary>
    public async Task KillRunningAsync()
    {
        _started.Kill();
        int code = await ExitAsync();
        Assert.True(code == KilledCode, $"The peer ended with {code} before it was killed: {await ErrorsAsync()}");
    }

    /// <summary>Sends SIGSTOP, and waits until all its threads have stopped.</summary>
    public async Task StopAsync()
    {
        Assert.Equal(0, Kill(Id, Stopped));
        await StoppedChild.WaitAsync(Id).WaitAsync(Watchdog);
    }

    /// <summary>Sends SIGCONT.</summary>
    public void Continue() => Assert.Equal(0, Kill(Id, Continued));

    /// <summary>Returns the processor time of its threads, in nanoseconds; threads that have ended do not count.</summary>
    public TimeSpan RunTime()
    {
        long nanoseconds = OfThreads("schedstat").Sum(static text => long.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture));
        return TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>
    /// Returns whether there is a window in which it uses almost no processor time, and no thread of it wakes up, not even to poll. The
    /// runtime compiles in the background for a while after a start, so the first quiet window counts.
    /// </summary>
    public async Task<bool> BecomesQuietAsync(Action<string> log, int windows = Windows)
    {
        ArgumentNullException.ThrowIfNull(log);
        for (int i = 0; i < windows; i++)
        {
            TimeSpan before = RunTime();
            long switchesBefore = Switches();

            // Not a wait for an event: this is the time in which nothing may happen.
            await Task.Delay(Window, TimeProvider.System);
            TimeSpan used = RunTime() - before;
            long switches = Switches() - switchesBefore;
            log(string.Create(
                CultureInfo.InvariantCulture,
                $"pid {Id}: {used.TotalMicroseconds:0} µs and {switches} switches in {Window.TotalSeconds} s"));
            if (used < Quiet && switches is >= 0 and <= MostSwitches)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns how often its threads have gone to sleep. A thread that has ended no longer counts.</summary>
    private long Switches()
    {
        const string Name = "voluntary_ctxt_switches:";
        return OfThreads("status")
            .Select(static text => text.Split('\n').First(static line => line.StartsWith(Name, StringComparison.Ordinal)))
            .Sum(static line => long.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture));
    }

    /// <summary>Returns a file of each thread. A thread that ends between the listing and the reading is left out.</summary>
    private IEnumerable<string> OfThreads(string file)
    {
        foreach (string thread in Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/task")))
        {
            string text;
            try
            {
                text = File.ReadAllText($"{thread}/{file}");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return text;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Releases its resources even while other objects still refer to it: a test may replace thousands of peers.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_started.HasExited)
        {
            await KillAsync();
        }

        _started.Dispose();
    }

    /// <summary>Sends SIGKILL, for the watchdog, which cannot wait.</summary>
    public void Dispose()
    {
        if (!_isDisposed && !_started.HasExited)
        {
            _started.Kill();
        }
    }

    private static string[] Command(string[] arguments) => Command(Interlocked.Increment(ref _count) % 8 == 1, arguments);

    private static string[] Command(bool isJit, string[] arguments) =>
        Compiled is not null && !isJit
            ? [Compiled, .. arguments]
            : [DotnetPath(), "exec", Path.Combine(AppContext.BaseDirectory, "Fairlead.TestPeer.dll"), .. arguments];

    private static ProcessStartInfo StartInfo(string[] command) => new(command[0], command[1..])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    // The test host itself runs under dotnet, unless it has its own executable.
    private static string DotnetPath() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
