using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>signals</c>: says <c>ok</c>, and then does what each line asks for: listens to signals or handles them, ignores, restores, blocks,
/// unblocks, sends to itself, sets the alarm. It reports each signal in a line: <c>got SIGUSR1 COUNT VALUE PID UID</c>.
/// </summary>
internal static class SignalsVerb
{
    private static readonly List<CancellationTokenSource> Listening = [];
    private static readonly List<IDisposable> Handlers = [];
    private static readonly WaitSet Set = new();

    // Signals are reported after the answer.
    private static TaskCompletionSource? _listening;

    public static async Task<int> RunAsync(string[] arguments)
    {
        Console.WriteLine("ok");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            try
            {
                Console.WriteLine($"ok {Do(line.Split(' '))}".TrimEnd());
                _listening?.SetResult();
                _listening = null;
            }
            catch (FairleadException failure)
            {
                Console.WriteLine($"error {failure.Code} {failure.Message}");
            }
            catch (Exception wrong) when (wrong is ArgumentException or InvalidOperationException)
            {
                Console.WriteLine($"error {wrong.GetType().Name} {wrong.Message}");
            }
        }

        return 0;
    }

    private static string Do(string[] words)
    {
        Signal[] signals = words.Length > 1 && !int.TryParse(words[1], CultureInfo.InvariantCulture, out _)
            ? [.. words[1].Split(',').Select(Signal.Parse)]
            : [];
        switch (words[0])
        {
            case "listen":
                Listen(signals);
                return "";
            case "handle":
                Handlers.Add(Signals.Handle(signals[0], Tell));
                return "";
            case "attach":
                Attach(signals[0]);
                return "";
            case "detach":
                Set.Dispose();
                return "";
            case "end":
                Listening.ForEach(static one => one.Cancel());
                Handlers.ForEach(static one => one.Dispose());
                return "";
            case "ignore":
                Signals.Ignore(signals[0]);
                return "";
            case "restore":
                Signals.RestoreDefault(signals[0]);
                return "";
            case "block":
                Signals.Block(signals[0]);
                return "";
            case "unblock":
                Signals.Unblock(signals[0]);
                return "";
            case "blocked":
                return $"{Signals.IsBlocked(signals[0])}";
            case "pending":
                return string.Join(',', Signals.Pending);
            case "raise":
                Signals.Send(
                    Environment.ProcessId, signals[0], words.Length > 2 ? int.Parse(words[2], CultureInfo.InvariantCulture) : null);
                return "";
            case "alarm":
                return $"{Signals.Alarm(Milliseconds(words[1]), Milliseconds(words[2])).TotalMilliseconds > 0}";
            case "child":
                using (Process child = Process.Start(
                    new ProcessStartInfo("grep", ["SigIgn", "/proc/self/status"]) { RedirectStandardOutput = true })!)
                {
                    string line = child.StandardOutput.ReadToEnd();
                    child.WaitForExit();
                    return line.Split('\t')[1].Trim();
                }

            default:
                return $"{words[0]}?";
        }
    }

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(int.Parse(text, CultureInfo.InvariantCulture));

    private static void Listen(Signal[] signals)
    {
        CancellationTokenSource end = new();
        IAsyncEnumerator<SignalInfo> listening = Signals.ListenAsync(signals, end.Token).GetAsyncEnumerator();
        Listening.Add(end);
        _listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = TellAllAsync(listening, _listening.Task);
    }

    /// <summary>Waits for the signal in a set, on a thread, until the set is disposed.</summary>
    private static void Attach(Signal signal)
    {
        Set.Attach((PosixSignal)signal.Number);
        Thread waiting = new(() => TellAll(signal)) { IsBackground = true };
        waiting.Start();
    }

    private static void TellAll(Signal signal)
    {
        try
        {
            while (true)
            {
                foreach (WaitEvent ready in Set.Wait())
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ready.Ready} {signal} {ready.Count}"));
                }
            }
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("detached");
        }
    }

    private static async Task TellAllAsync(IAsyncEnumerator<SignalInfo> listening, Task answered)
    {
        await answered;
        try
        {
            await using (listening)
            {
                while (await listening.MoveNextAsync())
                {
                    Tell(listening.Current);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("ended");
        }
    }

    private static void Tell(SignalInfo info) =>
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"got {info.Signal} {info.Count} {Or(info.Value)} {Or(info.SenderId)} {Or((int?)info.SenderUserId)}"));

    private static string Or(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
