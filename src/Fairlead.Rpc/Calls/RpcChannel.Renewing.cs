using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Contracts;

namespace Fairlead.Rpc;

/// <content>Calls that reach a server with another version of the contract than the server before.</content>
public sealed partial class RpcChannel
{
    /// <summary>How often a call is renumbered: more versions than that do not take turns within one call.</summary>
    internal const int MostRenewals = 4;

    private const int MostKnown = 8;

    private readonly Lock _learning = new();

    // The last contracts of servers: a frame names its contract by the hash alone.
    private volatile Agreement[] _known;

    /// <summary>
    /// Renumbers a call that a server has not executed because the call names another version of the contract.
    /// </summary>
    /// <param name="frame">The call. Changed only if the result is not null.</param>
    /// <param name="reply">The reply, which has the contract of the server.</param>
    /// <param name="options">The options of the call.</param>
    /// <returns>The options of the next attempt; null: the contracts do not fit, and the reply is the outcome.</returns>
    /// <exception cref="FairleadException">Corrupt: the reply has another form.</exception>
    internal RequestOptions? Renew(Span<byte> frame, Message reply, RequestOptions options)
    {
        (ushort number, uint hash) = Frames.Called(frame);
        Agreement? former = Array.Find(_known, known => (uint)known.Offered.Hash == hash);
        if (former is null)
        {
            // It is a call of another contract over the same lane, or too old.
            return null;
        }

        Agreement current;
        try
        {
            RpcReader reader = new(reply.Span);
            _ = reader.ReadByte();
            current = Learn(ref reader);
        }
        catch (RpcFormatException wrong)
        {
            throw wrong.From(reply.Peer);
        }

        int member = Array.IndexOf(former.Numbers, number);
        if (member < 0 || current.Numbers[member] == ContractMatch.Missing || !Accepts(current))
        {
            return null;
        }

        Frames.Renumber(frame, current.Numbers[member], current.Offered.Hash);
        return options with { Idempotent = current.Options[member].Idempotent };
    }

    /// <summary>Sends a call to one server, and sends it again if the server knows the member by another number.</summary>
    /// <param name="lane">The server.</param>
    /// <param name="frame">The call, which remains the caller's until the result completes.</param>
    /// <param name="options">Its options.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    internal async ValueTask<Message> RequestAsync(
        IRpcLane lane, byte[] frame, RequestOptions options, CancellationToken cancellationToken)
    {
        for (int renewals = 0; ; renewals++)
        {
            Message reply = await lane.RequestAsync(frame, options, cancellationToken).ConfigureAwait(false);
            try
            {
                if (!Frames.IsStale(reply) || renewals == MostRenewals || Renew(frame, reply, options) is not { } next)
                {
                    return reply;
                }

                options = next;
            }
            catch
            {
                reply.Dispose();
                throw;
            }

            reply.Dispose();
        }
    }

    private bool Accepts(Agreement agreement) => agreement.Differences.Count == 0 || _options.AllowMissingMembers;

    private Agreement Learn(ref RpcReader reader)
    {
        IReadOnlyList<RpcDescription> all = OfferedContracts.Read(ref reader);
        RpcDescription offered = OfferedContracts.Choose(_wanted, all);
        lock (_learning)
        {
            Agreement agreement = Array.Find(_known, known => known.Offered.Hash == offered.Hash)
                ?? Agreement.With(_wanted, offered, _options, all);
            _known = [agreement, .. _known.Where(known => known != agreement).Take(MostKnown - 1)];
            return _agreement = agreement;
        }
    }
}
