using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>What this process was given by the one that started it.</summary>
/// <remarks>
/// The channel of <see cref="ChildProcessOptions.Channel"/> comes in the variable <c>FAIRLEAD_FD</c>: <c>3</c>, or <c>3,4</c> (read,
/// write). What a service manager has opened, mostly sockets that listen, comes by its convention (<c>LISTEN_FDS</c>, <c>LISTEN_PID</c>,
/// <c>LISTEN_FDNAMES</c>). What was inherited goes to no child of this process, and the variables neither.
/// </remarks>
public static class Inherited
{
    /// <summary>The variable that names the channel.</summary>
    internal const string Variable = "FAIRLEAD_FD";

    private static readonly RankedLock Gate = new(LockRank.InheritedDescriptors);
    private static bool _isClaimed;
    private static string? _channel;

    /// <summary>Whether this process was started with a channel.</summary>
    public static bool HasChannel => TryGetAddress(out _);

    /// <summary>
    /// Where this process finds its end of the channel: <c>fd://3</c>. It can be opened once, by any pattern that the channel can carry;
    /// the parent's end connects where this one binds, and the other way round.
    /// </summary>
    /// <exception cref="FairleadException">NotFound: it was started without one.</exception>
    public static Address Address =>
        TryGetAddress(out Address? address)
            ? address
            : throw new FairleadException(
                ErrorCode.NotFound,
                "this process was started without a channel",
                "Start it by ChildProcess with a Channel, or by fairlead spawn --channel duplex.");

    /// <summary>
    /// What a service manager has opened for this process (socket activation), in its order: <c>fd://3</c>, <c>fd://4</c>. Empty: it was
    /// not started so. Where each has a name (<c>FileDescriptorName=</c>), that finds it, too: <c>fd://orders</c>.
    /// </summary>
    public static IReadOnlyList<Address> Sockets
    {
        get
        {
            Claim();
            return
            [
                .. ActivationSockets.All.Select(static socket =>
                    Address.Parse(string.Create(CultureInfo.InvariantCulture, $"fd://{socket.Number}"))),
            ];
        }
    }

    /// <summary>Its end of the channel; false when it was started without one.</summary>
    public static bool TryGetAddress([NotNullWhen(true)] out Address? address)
    {
        Claim();
        address = _channel is null ? null : Address.Parse($"fd://{_channel}");
        return address is not null;
    }

    /// <summary>Takes note of what was given to it, once: from now on it is this process's alone.</summary>
    internal static void Claim()
    {
        using (Gate.Hold())
        {
            if (_isClaimed)
            {
                return;
            }

            _isClaimed = true;
            _ = ActivationSockets.All;
            string? channel = Environment.GetEnvironmentVariable(Variable);
            Environment.SetEnvironmentVariable(Variable, null);
            int[] numbers = Numbers(channel);
            if (numbers.Length == 0 || numbers.Any(static number => NativePipe.IsClosedOnExec(number) is not false))
            {
                // A leftover of somebody who has passed the variable on, and not what it names.
                return;
            }

            foreach (int number in numbers)
            {
                _ = NativePipe.SetClosedOnExec(number);
                OfferedDescriptors.Offer(new Descriptor(number), NativeProcess.ParentId);
            }

            _channel = channel;
        }
    }

    private static int[] Numbers(string? channel)
    {
        string[] words = channel?.Split(',') ?? [];
        int[] numbers = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] < 3)
            {
                return [];
            }
        }

        return numbers.Length <= 2 ? numbers : [];
    }
}
