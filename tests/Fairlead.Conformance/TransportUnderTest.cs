using System.Globalization;
using System.Net.Sockets;

namespace Fairlead.Conformance;

/// <summary>
/// A transport as the contracts see it: how a place of its own is named, and what may be expected there. One line of flags and a few of
/// naming; one for each test.
/// </summary>
public abstract class TransportUnderTest
{
    private static int _places;

    /// <summary>For people.</summary>
    public abstract string Name { get; }

    /// <summary>Whether another process can reach it.</summary>
    public virtual bool CrossesProcesses => true;

    /// <summary>Whether messages are limited to 16 MiB unless more is asked for, and heartbeats run unasked.</summary>
    public virtual bool IsNetwork => false;

    /// <summary>Whether messages keep their boundaries without a framing.</summary>
    public virtual bool KeepsBoundaries => false;

    /// <summary>Whether a bound endpoint may have several peers at once.</summary>
    public virtual bool ServesMany => true;

    /// <summary>Whether a sender may bind, and its receiver connect.</summary>
    public virtual bool SendersBind => true;

    /// <summary>Whether somebody may come to a place where another has been, and find out whether somebody is there.</summary>
    public virtual bool IsVisitedAgain => true;

    /// <summary>Whether somebody is at the other end, who may come, leave, hold a place, and read too slowly.</summary>
    public virtual bool HasPeers => true;

    /// <summary>Whether anything comes back: receipts, replies.</summary>
    public virtual bool CarriesAnswers => true;

    /// <summary>Whether what is sent is in the peer's memory at once, and cannot be left lying.</summary>
    public virtual bool IsWrittenAtOnce => false;

    /// <summary>Whether bytes without a framing travel there, and one who has connected is seen before he says anything.</summary>
    public virtual bool ShowsSilentPeers => true;

    /// <summary>Whether open files can go with messages.</summary>
    public virtual bool CarriesHandles => false;

    /// <summary>Whether both ends may send.</summary>
    public virtual bool IsDuplex => true;

    /// <summary>Bytes of the longest message that can be sent there.</summary>
    public virtual int LongestMessage => int.MaxValue;

    /// <summary>The kind of raw socket that reaches it; null where none does.</summary>
    public virtual SocketType? RawSocketType => null;

    /// <summary>Whether the kernel tells who the peer is.</summary>
    public virtual bool KnowsPeer => true;

    /// <summary>A place that nobody has used before, to bind at.</summary>
    public abstract Address NewPlace();

    /// <summary>Where the other end of a bound address is: mostly at the same.</summary>
    public virtual Address OtherEndOf(Address bound) => bound;

    /// <summary>The files of a bound end. One that is killed leaves them to the next.</summary>
    public virtual IReadOnlyList<string> FilesOf(Address bound) => [];

    /// <summary>Starts a verb of the test peer that binds or connects at a place.</summary>
    public virtual PeerProcess StartPeer(string verb, string how, Address place, params string[] more)
    {
        ArgumentNullException.ThrowIfNull(place);
        return PeerProcess.Start([verb, how, place.ToString(), .. more]);
    }

    /// <summary>What a peer was told to bind as it is called here: mostly as the peer says that it has bound it.</summary>
    public virtual Address BoundBy(Address place, Address answered) => answered;

    /// <summary>A raw socket at an address that a Fairlead endpoint has bound.</summary>
    public virtual Socket ConnectRaw(Address bound) => throw new NotSupportedException();

    /// <summary>A raw socket that listens, and the address by which Fairlead connects to it.</summary>
    public virtual (Socket Listener, Address Address) ListenRaw() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Where Fairlead keeps the file of this name.</summary>
    protected static string NamedFile(string folder, string name) =>
        $"{Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead/{folder}/{name}";

    /// <summary>A name that no other test of this run has, in this process or another.</summary>
    protected static string NewName() =>
        string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}-{Interlocked.Increment(ref _places)}");
}
