using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fairlead.Cli.Commands;
using Fairlead.Processes;

namespace Fairlead.Cli.Chat;

/// <summary>The FIFO of a talk in turns, and the part that this side has in it. The side that made the FIFO removes it.</summary>
internal sealed class TurnFifo : IDisposable
{
    private const UnixFileMode OwnUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Receiver _part;
    private readonly bool _isMade;

    private TurnFifo(string path, Receiver part, bool isMade) => (Path, _part, _isMade) = (path, part, isMade);

    public string Path { get; }

    /// <summary>Finds or makes the FIFO of an address.</summary>
    /// <param name="address">The address: one path.</param>
    /// <param name="isFirst">Whether this side writes first.</param>
    /// <exception cref="ToolException">The address does not fit, or another side of this user has the same part.</exception>
    public static TurnFifo Open(Address address, bool isFirst)
    {
        if (address.Scheme != "fifo" || !address.IsPath || address.Place.Contains(','))
        {
            throw ToolException.Usage($"{address}: --turns talks over one FIFO, such as fifo:///tmp/talk");
        }

        if (address.Options.FirstOrDefault(static option => option.Key != "mode") is { Key: { } key })
        {
            throw ToolException.Usage($"{address}: with --turns there is one option, ?mode=, and not '{key}'");
        }

        var part = TakePart(address, isFirst);
        try
        {
            return new TurnFifo(address.Place, part, FifoPath.Create(address.Place, ModeOf(address)));
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_isMade)
        {
            File.Delete(Path);
        }

        _part.Dispose();
    }

    /// <summary>Two sides that both write first, or both read first, wait for each other without end.</summary>
    private static Receiver TakePart(Address address, bool isFirst)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(address.Place)));
        var part = isFirst ? "first" : "second";
        try
        {
            return Receiver.Bind(
                $"unix://turns-{part}-{Convert.ToHexStringLower(hash)[..16]}",
                new EndpointOptions { Label = $"the {part} side of {address.WithoutOptions()}" });
        }
        catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists)
        {
            var holder = taken.Peer is { } peer ? string.Create(CultureInfo.InvariantCulture, $"pid {peer.ProcessId}") : "another process";
            throw new ToolException(
                ExitCode.AlreadyExists,
                isFirst
                    ? $"{address}: {holder} writes first there, and so this side cannot. Start this side without --first."
                    : $"{address}: {holder} already waits there for the first line. Start this side with --first.");
        }
    }

    private static UnixFileMode ModeOf(Address address)
    {
        if (address.Option("mode") is not { } text)
        {
            return OwnUser;
        }

        try
        {
            if (Convert.ToInt32(text, 8) is var mode and >= 0 and <= 0x1FF)
            {
                return (UnixFileMode)mode;
            }
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            // The error is the same as for a number that is too large.
        }

        throw ToolException.Usage($"{address}: option 'mode' cannot be '{text}'. Write three octal digits, such as mode=660.");
    }
}
