using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>Connects to a pair of FIFOs: reads the second, and writes to the first.</summary>
internal static class FifoPairConnector
{
    /// <summary>How long a leaving peer, or the other end during its cleanup, may still hold the place of the only peer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    public static async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        string[] names = address.Place.Split(',');
        using FifoFile answers = FifoFile.Find(address, names[1]);
        using FifoFile requests = FifoFile.Find(address, names[0]);

        // The place of the only peer, held as long as the connection lasts.
        Descriptor place = await TakePlaceAsync(answers, address, cancellationToken).ConfigureAwait(false);
        Descriptor? source = null;
        Descriptor? target = null;
        try
        {
            source = settings.Framing.IsFairlead
                ? await OpenAfterLastPeerAsync(place, answers, requests, address, settings, cancellationToken).ConfigureAwait(false)
                : await OpenBesideProgramAsync(place, answers, address, cancellationToken).ConfigureAwait(false);
            target =
                requests.TryOpenToWrite(address)
                ?? throw new FairleadException(
                    ErrorCode.NotFound,
                    $"no endpoint listens there{RuntimeDirectory.Searched(address)}",
                    "Start a server, or list live endpoints with fairlead list.")
                {
                    Address = address,
                    Errno = (int)Errno.ENXIO,
                };
            return new PipeConnection(source, target, settings.Framing, FifoTransport.Duplex, answers.Peer) { OnClosed = place.Dispose };
        }
        catch
        {
            target?.Dispose();
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
                    "another peer is already connected",
                    "A pair of FIFOs connects two ends. Use another pair, or choose unix://.")
                {
                    Address = address,
                };
            }
        }
    }

    /// <summary>Waits until the other end has stopped writing to the previous peer, discards that data, and opens the FIFO.</summary>
    /// <remarks>
    /// Also discards the hello of a peer that gave up unheard. The result was opened without a writer, because a descriptor that
    /// has seen a writer leave reports the end permanently.
    /// </remarks>
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
                requests.Empty();

                // The other end may have read that hello just before, and may answer it.
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
                    ErrorCode.Timeout, "the other end is still writing to the previous peer", "The other end may be stopped.")
                {
                    Address = address,
                };
            }
        }
    }

    /// <summary>
    /// Opens the FIFO of a program without Fairlead, which may have opened it before and may have written. A Fairlead end that still
    /// closes its last connection gets a moment for that.
    /// </summary>
    private static async ValueTask<Descriptor> OpenBesideProgramAsync(
        Descriptor place, FifoFile answers, Address address, CancellationToken cancellationToken)
    {
        Pauses pauses = new(Patience, TimeProvider.System);
        while (HasWriter(place, answers, address) && await pauses.NextAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        return answers.OpenToRead(address);
    }

    /// <summary>Returns whether the FIFO has a writer. Reads nothing: it may be a program's first message.</summary>
    private static bool HasWriter(Descriptor place, FifoFile answers, Address address)
    {
        // A descriptor reports a hangup only after it has seen a writer leave.
        answers.TryOpenToWrite(address)?.Dispose();
        return (BlockingWait.Wait(place, PollEvents.Read, TimeSpan.Zero) & PollEvents.HangUp) == 0;
    }

    /// <summary>The pauses between attempts, from one millisecond and doubling, because the kernel reports none of these events.</summary>
    private sealed class Pauses(TimeSpan patience, TimeProvider time)
    {
        private readonly Deadline _deadline = Deadline.After(patience, time);
        private TimeSpan _next = TimeSpan.FromMilliseconds(1);

        /// <summary>Waits for the next attempt. Returns false if the time has passed.</summary>
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
