using System.Globalization;
using System.Net.Sockets;

namespace Fairlead.Conformance;

/// <summary>A transport as the contracts see it: how its places are named, and what a test may expect there. Each test has one.</summary>
public abstract class TransportUnderTest
{
    private static int _places;

    /// <summary>For people.</summary>
    public abstract string Name { get; }

    /// <summary>Whether another process can reach it.</summary>
    public virtual bool CrossesProcesses => true;

    /// <summary>Whether messages are limited to 16 MiB by default, and heartbeats run by default.</summary>
    public virtual bool IsNetwork => false;

    /// <summary>Whether messages keep their boundaries without a framing.</summary>
    public virtual bool KeepsBoundaries => false;

    /// <summary>Whether a bound endpoint may have several peers at once.</summary>
    public virtual bool ServesMany => true;

    /// <summary>Whether a sender may bind, and its receiver connect.</summary>
    public virtual bool SendersBind => true;

    /// <summary>Whether a new peer may use a place where another has been, and find out whether an endpoint is there.</summary>
    public virtual bool IsVisitedAgain => true;

    /// <summary>
    /// Whether there is a peer at the other end that may come, leave, occupy a place, tell its limits, and read too slowly.
    /// </summary>
    public virtual bool HasPeers => true;

    /// <summary>
    /// Whether each message wants a receipt, also one of type 1: a message that a receiver disposes of unaccepted comes again.
    /// </summary>
    public virtual bool WantsReceipts => false;

    /// <summary>Whether a sender that gives up takes back what the receiver has not read.</summary>
    public virtual bool TakesBack => true;

    /// <summary>The most messages and requests that a receiver may have without having answered them.</summary>
    public virtual int MostHeld => int.MaxValue;

    /// <summary>Whether two ends can have a connection: without one, there are no pairs, hubs and work queues.</summary>
    public virtual bool ConnectsPairs => true;

    /// <summary>Whether a sender and a receiver have a connection, which ends with either.</summary>
    public virtual bool ConnectsSenders => HasPeers;

    /// <summary>Whether no message allocates managed memory.</summary>
    public virtual bool AllocatesNothing => true;

    /// <summary>Whether receipts and replies come back.</summary>
    public virtual bool CarriesAnswers => true;

    /// <summary>Whether a sent message is in the peer's memory at once, and cannot be left behind.</summary>
    public virtual bool IsWrittenAtOnce => false;

    /// <summary>Whether bytes without a framing travel there, and a connected peer is seen before it sends anything.</summary>
    public virtual bool ShowsSilentPeers => true;

    /// <summary>Whether open files can go with messages.</summary>
    public virtual bool CarriesHandles => false;

    /// <summary>Whether both ends may send.</summary>
    public virtual bool IsDuplex => true;

    /// <summary>Bytes of the longest message that can be sent there.</summary>
    public virtual int LongestMessage => int.MaxValue;

    /// <summary>The kind of raw socket that reaches it; null: none.</summary>
    public virtual SocketType? RawSocketType => null;

    /// <summary>Whether the kernel identifies the peer.</summary>
    public virtual bool KnowsPeer => true;

    /// <summary>How many connections show whether any leaves something behind: fewer where each takes milliseconds.</summary>
    public virtual int ManyConnections => 1000;

    /// <summary>The options that both ends must specify.</summary>
    public virtual IReadOnlyList<string> OptionsOfBothEnds => ["reliable"];

    /// <summary>Returns an unused place, to bind at.</summary>
    public abstract Address NewPlace();

    /// <summary>Returns the address of the other end of a bound address: usually the same.</summary>
    public virtual Address OtherEndOf(Address bound) => bound;

    /// <summary>Returns the files of a bound end. A killed end leaves them to the next.</summary>
    public virtual IReadOnlyList<string> FilesOf(Address bound) => [];

    /// <summary>Starts a verb of the test peer that binds or connects at a place.</summary>
    public virtual PeerProcess StartPeer(string verb, string how, Address place, params string[] more)
    {
        ArgumentNullException.ThrowIfNull(place);
        return PeerProcess.Start([verb, how, place.ToString(), .. more]);
    }

    /// <summary>Returns this side's name of the place that a peer has bound: usually the name that the peer reports.</summary>
    public virtual Address BoundBy(Address place, Address answered) => answered;

    /// <summary>Connects a raw socket to an address that a Fairlead endpoint has bound.</summary>
    public virtual Socket ConnectRaw(Address bound) => throw new NotSupportedException();

    /// <summary>Returns a listening raw socket, and the address at which Fairlead connects to it.</summary>
    public virtual (Socket Listener, Address Address) ListenRaw() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Returns the path of Fairlead's file of this name.</summary>
    protected static string NamedFile(string folder, string name) =>
        $"{Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead/{folder}/{name}";

    /// <summary>Returns a name that no other test of this run uses, in this process or another.</summary>
    protected static string NewName() =>
        string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref _places)}");
}
