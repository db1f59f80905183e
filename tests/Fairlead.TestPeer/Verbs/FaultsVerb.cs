using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Conformance.Faults;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>faults LIBRARY PLAY ADDRESS FIRST STEP</c>: plays again and again, with one system call of Fairlead's failing: the first of these
/// numbers, then by steps the later ones, until the play is over before it would; behind each a sound play at the same place. <c>ok REACHED
/// PLAYED FAILED</c>, or the error. The library stands between Fairlead and the C library (faults.c).
/// </summary>
internal static class FaultsVerb
{
    private const int Most = 5_000;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(string[] arguments)
    {
        (string play, Address place) = (arguments[1], arguments[2]);
        nint library = NativeLibrary.Load(arguments[0]);
        NativeLibrary.SetDllImportResolver(typeof(Address).Assembly, (name, _, _) => name == "libc" ? library : 0);
        nint arm = NativeLibrary.GetExport(library, "fault_arm");
        nint calls = NativeLibrary.GetExport(library, "fault_calls");

        // What the process makes once, it makes now.
        EndpointOptions options = new() { Heartbeat = TimeSpan.FromSeconds(1) };
        await PlaySoundlyAsync(play, place, options);
        int failed = 0;
        int played = 0;
        int first = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        int step = int.Parse(arguments[4], CultureInfo.InvariantCulture);
        for (int at = first; at < Most; at += step)
        {
            played++;
            Arm(arm, at);
            Exception? failure = await FaultPlays.PlayAsync(play, place, options, options, Soon);
            int reached = Calls(calls);
            Arm(arm, 0);
            if (failure is not null)
            {
                failed++;
                await Console.Error.WriteLineAsync($"{at}: {failure.GetType().Name}: {failure.Message}");
            }

            await PlaySoundlyAsync(play, place, options);
            if (reached < at)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok {reached} {played} {failed}"));
                return 0;
            }
        }

        await Console.Error.WriteLineAsync($"The play makes more than {Most} calls.");
        return 1;
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
