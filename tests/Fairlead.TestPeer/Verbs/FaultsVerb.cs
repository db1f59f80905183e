using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Conformance.Faults;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>faults LIBRARY</c>, and then for each line <c>FIRST STEP ADDRESS PLAY</c>: plays again and again, with one system call of Fairlead's
/// failing: the first of these numbers, then by steps the later ones, until the play is over before it would; behind each a sound play at
/// the same place. For each play that failed a line with its error, and <c>ok REACHED PLAYED FAILED</c>. The library stands between
/// Fairlead and the C library (faults.c).
/// </summary>
internal static class FaultsVerb
{
    private const int Most = 5_000;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(string[] arguments)
    {
        nint library = NativeLibrary.Load(arguments[0]);
        NativeLibrary.SetDllImportResolver(typeof(Address).Assembly, (name, _, _) => name == "libc" ? library : 0);
        nint arm = NativeLibrary.GetExport(library, "fault_arm");
        nint calls = NativeLibrary.GetExport(library, "fault_calls");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ', 4);
            int first = int.Parse(words[0], CultureInfo.InvariantCulture);
            int step = int.Parse(words[1], CultureInfo.InvariantCulture);
            await PlayAllAsync(words[3], words[2], first, step, at => Arm(arm, at), () => Calls(calls));
        }

        return 0;
    }

    private static async Task PlayAllAsync(string play, Address place, int first, int step, Action<int> arm, Func<int> calls)
    {
        // Creates everything that the process creates only once.
        EndpointOptions options = new() { Heartbeat = TimeSpan.FromSeconds(1) };
        await PlaySoundlyAsync(play, place, options);
        int failed = 0;
        int played = 0;
        for (int at = first; at < Most; at += step)
        {
            played++;
            arm(at);
            Exception? failure = await FaultPlays.PlayAsync(play, place, options, options, Soon);
            int reached = calls();
            arm(0);
            if (failure is not null)
            {
                failed++;
                Console.WriteLine($"{at}: {failure.GetType().Name}: {failure.Message.ReplaceLineEndings(" ")}");
            }

            await PlaySoundlyAsync(play, place, options);
            if (reached < at)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok {reached} {played} {failed}"));
                return;
            }
        }

        throw new InvalidOperationException($"The play makes more than {Most} calls.");
    }

    private static async Task PlaySoundlyAsync(string play, Address place, EndpointOptions options)
    {
        if (await FaultPlays.PlayAsync(play, place, options, options, Late) is { } failure)
        {
            throw new InvalidOperationException($"Nothing was in its way: {failure}");
        }
    }

    private static unsafe void Arm(nint arm, int at) => ((delegate* unmanaged<int, void>)arm)(at);

    private static unsafe int Calls(nint calls) => ((delegate* unmanaged<int>)calls)();
}
