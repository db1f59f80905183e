using System.Globalization;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Native.Sockets;

/// <summary>
/// The sockets that a service manager has opened for this process, by its convention: descriptors from 3 on, their number in
/// <c>LISTEN_FDS</c>, their names in <c>LISTEN_FDNAMES</c>. <c>LISTEN_PID</c> names the intended process, because children inherit
/// variables but not these descriptors.
/// </summary>
internal static class ActivationSockets
{
    private const int First = 3;

    private static readonly RankedLock Gate = new(LockRank.ActivationSockets);
    private static (int Number, string Name)[]? _all;

    /// <summary>All of them, in order; a name may be empty, or stand for several.</summary>
    public static IReadOnlyList<(int Number, string Name)> All
    {
        get
        {
            using (Gate.Hold())
            {
                return _all ??= Claim();
            }
        }
    }

    private static (int Number, string Name)[] Claim()
    {
        string? count = Take("LISTEN_FDS");
        string? process = Take("LISTEN_PID");
        string[] names = Take("LISTEN_FDNAMES")?.Split(':') ?? [];
        _ = Take("LISTEN_PIDFDID");
        if (!int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id != NativeProcess.Id
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int all) || all > short.MaxValue)
        {
            // None, or for another process.
            return [];
        }

        List<(int Number, string Name)> found = [];
        for (int i = 0; i < all; i++)
        {
            // A descriptor that did not come over exec has been closed, and its number reused.
            if (NativePipe.IsClosedOnExec(First + i) is false)
            {
                _ = NativePipe.SetClosedOnExec(First + i);
                OfferedDescriptors.Offer(new Descriptor(First + i), peer: null);
                found.Add((First + i, i < names.Length ? names[i] : ""));
            }
        }

        return [.. found];
    }

    // For this process only: its children do not inherit the variable.
    private static string? Take(string variable)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        return value;
    }
}
