using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Processes;

/// <summary>The channel and sockets that this process inherited from its starter.</summary>
/// <remarks>
/// The variable <c>FAIRLEAD_FD</c> names the channel of <see cref="ChildProcessOptions.Channel"/>: <c>3</c>, or <c>3,4</c> (read, write). A
/// service manager passes sockets, mostly listening ones, by its own convention (<c>LISTEN_FDS</c>, <c>LISTEN_PID</c>,
/// <c>LISTEN_FDNAMES</c>). Children of this process inherit neither the descriptors nor the variables.
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
    /// The address of this process's end of the channel: <c>fd://3</c>. It can be opened once, by any pattern that the channel can carry.
    /// The parent's end connects if this one binds, and vice versa.
    /// </summary>
    /// <exception cref="FairleadException">NotFound: this process was started without a channel.</exception>
    public static Address Address =>
        TryGetAddress(out Address? address)
            ? address
            : throw new FairleadException(
                ErrorCode.NotFound,
                "this process was started without a channel",
                "Start it by ChildProcess with a Channel, or by fairlead spawn --channel duplex.");

    /// <summary>
    /// The sockets that a service manager has opened for this process (socket activation), in its order: <c>fd://3</c>, <c>fd://4</c>.
    /// Empty if there are none. A socket with a unique name (<c>FileDescriptorName=</c>) can be opened by that too: <c>fd://orders</c>.
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

    /// <summary>Returns this process's end of the channel; false if it was started without one.</summary>
    public static bool TryGetAddress([NotNullWhen(true)] out Address? address)
    {
        Claim();
        address = _channel is null ? null : Address.Parse($"fd://{_channel}");
        return address is not null;
    }

    /// <summary>Claims the inherited descriptors, once: from now on they belong to this process only.</summary>
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
                // A leftover: another program passed the variable on, but not the descriptors that it names.
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

        // One number for both directions stands alone: twice, it would have two owners, which both close it.
        return numbers.Length <= 2 && numbers.Distinct().Count() == numbers.Length ? numbers : [];
    }
}
