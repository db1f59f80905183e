using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>The endpoint as a stream of bytes.</content>
internal sealed partial class EndpointCore
{
    private volatile bool _isStream;

    /// <summary>From now on a stream alone receives, and hears of peers that leave a bound end.</summary>
    /// <exception cref="FairleadException">NotSupported: what travels here is no stream of bytes.</exception>
    public void BecomeStream(bool canRead)
    {
        ThrowIfClosing();
        if (Settings.Framing is not (FairleadFraming or RawFraming))
        {
            throw new FairleadException(ErrorCode.NotSupported, "a stream has no boundaries, and this framing does", "Say ?framing=none to read and write bytes, or leave it away at both ends") { Address = Address };
        }

        const TransportCapabilities Needed = TransportCapabilities.Reliable | TransportCapabilities.Ordered;
        if ((Capabilities & Needed) != Needed)
        {
            throw new FairleadException(ErrorCode.NotSupported, $"{Address.Scheme}:// may lose or reorder what is sent, which a stream cannot show", "Choose another address") { Address = Address };
        }

        const TransportCapabilities Many = TransportCapabilities.ManyPeers | TransportCapabilities.Duplex;
        if (IsBound && canRead && _profile.MostPeers > 1 && (Capabilities & Many) == Many)
        {
            throw new FairleadException(ErrorCode.NotSupported, $"a bound {_profile.Name} may hear several peers at once, whose bytes would be mixed", "Take a Pair, which has one peer at a time, or connect the Receiver") { Address = Address };
        }

        _isStream |= canRead;
    }
}
