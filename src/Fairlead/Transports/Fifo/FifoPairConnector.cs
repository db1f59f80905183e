using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>The other end of a pair of FIFOs: reads the second, and writes to the first.</summary>
internal static class FifoPairConnector
{
    /// <summary>How long the place of the one peer may still be held by one that is going, or by the other end as it clears up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    public static async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        string[] names = address.Place.Split(',');
        using FifoFile answers = FifoFile.Find(address, names[1]);
        using FifoFile requests = FifoFile.Find(address, names[0]);

        // The place of the one peer, for as long as the connection lasts.
        Descriptor place = await TakePlaceAsync(answers, address, cancellationToken).ConfigureAwait(false);
        Descriptor? source = null;
        try
        {
            source = await OpenAfterLastPeerAsync(place, answers, requests, address, settings, cancellationToken).ConfigureAwait(false);
            Descriptor target =
                requests.TryOpenToWrite(address)
                ?? throw new FairleadException(
                    ErrorCode.NotFound,
                    $"nobody listens there{RuntimeDirectory.Searched(address)}",
                    "Start a server, or see what lives: fairlead list.")
                {
                    Address = address,
                    Errno = (int)Errno.ENXIO,
                };
            return new PipeConnection(source, target, settings.Framing, FifoTransport.Duplex, answers.Peer) { OnClosed = place.Dispose };
        }
        catch
        {
            source?.Dispose();
            place.Dispose();
            throw;
        }
    }

    private static async ValueTask<Descriptor> TakePlaceAsync(FifoFile answers, Address address, CancellationToken cancellationToken)
    {
        Pauses pauses = new(Patience, TimeProvider.System);
        while (true)
        {
            if (answers.TryOpenToReadAlone(address) is { } place)
            {
                return place;
            }

            if (!await pauses.NextAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new FairleadException(
                    ErrorCode.Full,
                    "somebody else is connected already",
                    "A pair of FIFOs joins two. Name another pair, or choose unix://.")
                {
                    Address = address,
                };
            }
        }
    }

    /// <summary>
    /// Waits until the other end has closed what it wrote for whoever was here before, reads that away, and the hello of one who gave up
    /// unheard. What is returned was opened while nobody wrote: an opening that has seen a writer leave tells of an end for ever.
    /// </summary>
    private static async ValueTask<Descriptor> OpenAfterLastPeerAsync(
        Descriptor place,
        FifoFile answers,
        FifoFile requests,
        Address address,
        EndpointSettings settings,
        CancellationToken cancellationToken)
    {
        Pauses pauses = new(settings.HandshakeTimeout, settings.Time);
        while (true)
        {
            if (PipeConnection.Discard(place))
            {
                if (settings.Framing.IsFairlead)
                {
                    requests.Empty();
                }

                // The other end may have taken that hello just before, and answer it.
                Descriptor source = answers.OpenToRead(address);
                if (PipeConnection.Discard(source) && BlockingWait.Wait(source, PollEvents.Read, TimeSpan.Zero) == PollEvents.None)
                {
                    return source;
                }

                source.Dispose();
            }

            if (!await pauses.NextAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new FairleadException(
                    ErrorCode.Timeout, "the other end still writes to whoever was connected before", "It may be stopped.")
                {
                    Address = address,
                };
            }
        }
    }

    /// <summary>
    /// Between attempts, since the kernel tells of nothing that is waited for here: from a millisecond on, twice as long each time.
    /// </summary>
    private sealed class Pauses(TimeSpan patience, TimeProvider time)
    {
        private readonly Deadline _deadline = Deadline.After(patience, time);
        private TimeSpan _next = TimeSpan.FromMilliseconds(1);

        /// <summary>False when the time has passed.</summary>
        public async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
        {
            if (_deadline.Passed)
            {
                return false;
            }

            await Task.Delay(_next, time, cancellationToken).ConfigureAwait(false);
            _next = 2 * _next < LongestPause ? 2 * _next : LongestPause;
            return true;
        }
    }
}
