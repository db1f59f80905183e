using System.Globalization;

namespace Fairlead.Native;

/// <summary>
/// What a service manager has opened for this process, by its convention: descriptors from 3 on, their number in <c>LISTEN_FDS</c>, their
/// names in <c>LISTEN_FDNAMES</c>, and whom they are for in <c>LISTEN_PID</c>, since variables are passed on to children and descriptors
/// are not.
/// </summary>
internal static class ActivationSockets
{
    private const int First = 3;

    private static readonly RankedLock Gate = new(LockRank.ActivationSockets);
    private static (int Number, string Name)[]? _all;

    /// <summary>All of them, in their order; a name may be empty, or stand for several.</summary>
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
            // None, or somebody else's.
            return [];
        }

        List<(int Number, string Name)> found = [];
        for (int i = 0; i < all; i++)
        {
            // What is not as it came over exec has been closed by now, and its number is another's.
            if (NativePipe.IsClosedOnExec(First + i) is false)
            {
                _ = NativePipe.SetClosedOnExec(First + i);
                OfferedDescriptors.Offer(new Descriptor(First + i), peer: null);
                found.Add((First + i, i < names.Length ? names[i] : ""));
            }
        }

        return [.. found];
    }

    // For this process alone: its children have no part in it.
    private static string? Take(string variable)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        return value;
    }
}
