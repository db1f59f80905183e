using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>The other end of a pair of FIFOs: reads the second, and writes to the first.</summary>
internal static class FifoPairConnector
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    public static async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken token)
    {
        string[] names = address.Place.Split(',');
        using FifoFile answers = FifoFile.Find(address, names[1]);
        using FifoFile requests = FifoFile.Find(address, names[0]);
        Descriptor source = answers.TryOpenToReadAlone(address)
            ?? throw new FairleadException(ErrorCode.Full, "somebody else is connected already", "A pair of FIFOs joins two. Name another pair, or choose unix://.") { Address = address };
        try
        {
            await ForgetLastPeerAsync(source, address, settings, token).ConfigureAwait(false);
            Descriptor target = requests.TryOpenToWrite(address)
                ?? throw new FairleadException(ErrorCode.NotFound, "nobody listens there", "Start a server, or see what lives: fairlead list.") { Address = address, Errno = (int)Errno.ENXIO };
            return new PipeConnection(source, target, settings.Framing, FifoTransport.Duplex, answers.Peer);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the other end has closed what it wrote for whoever was here before, and reads it away.</summary>
    private static async ValueTask ForgetLastPeerAsync(Descriptor source, Address address, EndpointSettings settings, CancellationToken token)
    {
        Deadline deadline = Deadline.After(settings.HandshakeTimeout, settings.Time);
        for (TimeSpan pause = TimeSpan.FromMilliseconds(1); ; pause = 2 * pause < LongestPause ? 2 * pause : LongestPause)
        {
            if (PipeConnection.Discard(source))
            {
                return;
            }

            if (deadline.Passed)
            {
                throw new FairleadException(ErrorCode.Timeout, "the other end still writes to whoever was connected before", "It may be stopped.") { Address = address };
            }

            await Task.Delay(pause, settings.Time, token).ConfigureAwait(false);
        }
    }
}
