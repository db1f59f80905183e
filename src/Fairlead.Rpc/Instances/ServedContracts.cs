using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Instances;

/// <summary>The contracts that a server offers: the hash in a call chooses one of them. Immutable.</summary>
internal sealed class ServedContracts
{
    private readonly ServedContract[] _all;
    private readonly ServedContract _first;
    private readonly Dictionary<uint, ServedContract> _byHash;

    /// <param name="all">At least one. The low halves of their hashes differ.</param>
    public ServedContracts(params ServedContract[] all)
    {
        (_all, _first) = (all, all[0]);
        _byHash = all.ToDictionary(static one => (uint)one.Description.Hash);
    }

    /// <summary>The names of the contracts, for people.</summary>
    public string Names => string.Join(", ", _all.Select(static one => one.Description.Name));

    /// <summary>Returns the contract with a hash; null: it is another version, or another contract.</summary>
    public ServedContract? Find(uint hash)
    {
        ServedContract first = _first;
        return (uint)first.Description.Hash == hash ? first
            : _all.Length == 1 ? null
            : _byHash.GetValueOrDefault(hash);
    }

    /// <summary>Answers a hello: with the contract that the client wants or, if there is none, with all that the client can take.</summary>
    /// <param name="request">The hello.</param>
    /// <param name="frame">What follows its kind.</param>
    public void Greet(Request request, ref RpcReader frame)
    {
        // A server of one contract has always answered whatever follows.
        if (_all.Length == 1)
        {
            Replies.Describe(request, ReplyStatus.Ok, _first.Description);
            return;
        }

        byte version = frame.ReadByte();
        ulong hash = frame.ReadUInt64();
        string name = frame.ReadString();
        frame.End();
        ServedContract? wanted = Array.Find(_all, one => one.Description.Hash == hash)
            ?? Array.Find(_all, one => one.Description.Name == name);
        Describe(request, ReplyStatus.Ok, wanted, takesAll: version >= Frames.VersionForAll);
    }

    /// <summary>Says that nothing was executed, because no contract has the hash of a call or the contract lacks the member.</summary>
    public void Refuse(Request request, uint hash, bool takesAll) => Describe(request, ReplyStatus.Stale, Find(hash), takesAll);

    private void Describe(Request request, ReplyStatus status, ServedContract? one, bool takesAll)
    {
        if (one is null && takesAll)
        {
            Replies.Describe(request, status, [.. _all.Select(static one => one.Description)]);
        }
        else
        {
            Replies.Describe(request, status, (one ?? _first).Description);
        }
    }

    /// <summary>Notes that a client has disconnected.</summary>
    public void Leave(Peer client) => Array.ForEach(_all, one => one.Instances?.Leave(client));

    /// <summary>Releases the objects that execute calls. To be called once, at the end of the server.</summary>
    public Task EndAsync() => Task.WhenAll(_all.Select(static one => one.Instances?.EndAsync() ?? Task.CompletedTask));
}
