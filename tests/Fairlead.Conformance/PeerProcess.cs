using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Conformance;

/// <summary>A running Fairlead.TestPeer. Disposing it kills what is left of it.</summary>
public sealed partial class PeerProcess : IAsyncDisposable, IDisposable
{
    private const int Stopped = 19;
    private const int Continued = 18;
    private const int KilledCode = 128 + 9;

    private const int Windows = 10;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(2);

    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    // The same program as Native AOT compiles it. It starts in a tenth of the time; every fourth peer is the other one all the same:
    // both are tested. The second of four: of two peers that meet, each is a different one.
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
    /// The same as the test's own count has it, whatever other tests start: number 1, 5, 9 run under the JIT compiler, those between under
    /// Native AOT.
    /// </summary>
    public static PeerProcess StartNumber(int number, params string[] arguments) =>
        new(StartedPeer.Of(Process.Start(StartInfo(Command(number, arguments)))!));

    /// <summary>The same with changes to the environment; null removes a variable.</summary>
    public static PeerProcess Start(IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        var start = StartInfo(Command(arguments));
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new PeerProcess(StartedPeer.Of(Process.Start(start)!));
    }

    /// <summary>The same with descriptors, by the numbers that it has there. They stay the caller's.</summary>
    public static PeerProcess StartWith(IReadOnlyDictionary<int, SafeHandle> descriptors, params string[] arguments) =>
        StartWith(descriptors, [], arguments);

    /// <summary>The same by a command that becomes it.</summary>
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

    /// <summary>The same by a command that becomes it: <c>env --block-signal=USR1</c>, <c>setsid</c>.</summary>
    public static PeerProcess StartBy(string command, params string[] arguments) =>
        new(StartedPeer.Of(Process.Start(StartInfo([.. command.Split(' '), .. Command(arguments)]))!));

    /// <summary>The next line it writes; when there is none, its errors are in the exception.</summary>
    public async Task<string> ReadLineAsync() =>
        await _started.Output.ReadLineAsync().WaitAsync(Watchdog)
            ?? throw new InvalidOperationException($"The peer ended: {await _started.Errors.ReadToEndAsync()}");

    /// <summary>
    /// The next line it writes, or null when it has ended. Without a limit: for those who may have nothing to say for long.
    /// </summary>
    public Task<string?> TryReadLineAsync() => _started.Output.ReadLineAsync();

    /// <summary>Gives it a command and returns its answer, without the <c>ok</c> that must stand before it.</summary>
    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await AnswerAsync();
    }

    /// <summary>Gives it a command; the answer is left for <see cref="AnswerAsync"/>.</summary>
    public async Task TellAsync(string command)
    {
        await _started.Input.WriteLineAsync(command);
        await _started.Input.FlushAsync();
    }

    /// <summary>Its next answer, without the <c>ok</c> that must stand before it.</summary>
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

    /// <summary>Waits for its end; 128 and the signal where it was one.</summary>
    public Task<int> ExitAsync() => _started.ExitAsync().WaitAsync(Watchdog);

    /// <summary>What it has written to stderr, when it has ended.</summary>
    public Task<string> ErrorsAsync() => _started.Errors.ReadToEndAsync();

    /// <summary>SIGKILL, without waiting for what it does.</summary>
    public void KillAndGoOn() => _started.Kill();

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _started.Kill();
        await ExitAsync();
    }

    /// <summary>
    /// The same for a peer that must still be running: one that ended by itself, of whatever went wrong there, fails the test.
    /// </summary>
    public async Task KillRunningAsync()
    {
        _started.Kill();
        int code = await ExitAsync();
        Assert.True(code == KilledCode, $"The peer ended with {code} before it was killed: {await ErrorsAsync()}");
    }

    /// <summary>SIGSTOP; returns when all its threads have stopped.</summary>
    public async Task StopAsync()
    {
        Assert.Equal(0, Kill(Id, Stopped));
        await StoppedChild.WaitAsync(Id).WaitAsync(Watchdog);
    }

    /// <summary>SIGCONT.</summary>
    public void Continue() => Assert.Equal(0, Kill(Id, Continued));

    /// <summary>The time that its threads have run, to the nanosecond; threads that have ended do not count.</summary>
    public TimeSpan RunTime()
    {
        long nanoseconds = 0;
        foreach (var task in Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/task")))
        {
            nanoseconds += long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }

        return TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>
    /// Whether there is a window in which it uses next to no processor: the runtime compiles in the background for a while after a start,
    /// so the first quiet one counts.
    /// </summary>
    public async Task<bool> BecomesQuietAsync(Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        for (int i = 0; i < Windows; i++)
        {
            TimeSpan before = RunTime();

            // Not a wait for something: this is the time in which nothing may happen.
            await Task.Delay(Window, TimeProvider.System);
            TimeSpan used = RunTime() - before;
            log(string.Create(CultureInfo.InvariantCulture, $"pid {Id}: {used.TotalMicroseconds:0} µs in {Window.TotalSeconds} s"));
            if (used < Quiet)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Whatever holds on to it: a test that replaces thousands of peers gives back what each of them holds.</remarks>
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

    /// <summary>SIGKILL by the watchdog, which cannot wait.</summary>
    public void Dispose()
    {
        if (!_isDisposed && !_started.HasExited)
        {
            _started.Kill();
        }
    }

    private static string[] Command(string[] arguments) => Command(Interlocked.Increment(ref _count), arguments);

    private static string[] Command(int number, string[] arguments) =>
        Compiled is not null && number % 4 != 1
            ? [Compiled, .. arguments]
            : [DotnetPath(), "exec", Path.Combine(AppContext.BaseDirectory, "Fairlead.TestPeer.dll"), .. arguments];

    private static ProcessStartInfo StartInfo(string[] command) => new(command[0], command[1..])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    // The test host itself runs under dotnet, except where it has an executable of its own.
    private static string DotnetPath() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
