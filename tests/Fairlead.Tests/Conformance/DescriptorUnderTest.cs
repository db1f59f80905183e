using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Tests.Conformance;

/// <summary>
/// Both ends of a channel, offered in this process like a parent's and a child's. A peer gets its end when it is started, and only it has
/// that end.
/// </summary>
internal sealed class DescriptorUnderTest(bool areTwoPipes) : TransportUnderTest
{
    // One per test: a closed number may soon belong to another test.
    private readonly ConcurrentDictionary<Address, Address> _otherEnds = new();

    public override string Name => areTwoPipes ? "fd://3,4" : "fd://3";

    public override bool ServesMany => false;

    public override bool IsVisitedAgain => false;

    public override bool KnowsPeer => false;

    public override Address NewPlace()
    {
        Address here;
        Address there;
        if (areTwoPipes)
        {
            (Descriptor reader, Descriptor otherWriter) = NativePipe.Create();
            (Descriptor otherReader, Descriptor writer) = NativePipe.Create();
            here = Offer(reader, writer);
            there = Offer(otherReader, otherWriter);
        }
        else
        {
            (Descriptor first, Descriptor second) = NativeSocket.Pair(NativeSocketType.Stream);
            here = Offer(first);
            there = Offer(second);
        }

        _otherEnds[here] = there;
        _otherEnds[there] = here;
        return here;
    }

    public override Address OtherEndOf(Address bound) => _otherEnds[bound];

    public override Address BoundBy(Address place, Address answered) => Address.Parse($"fd://{place.Place}");

    public override PeerProcess StartPeer(string verb, string how, Address place, params string[] more)
    {
        int[] numbers = [.. place.Place.Split(',').Select(static number => int.Parse(number, CultureInfo.InvariantCulture))];
        Descriptor[] ends = OfferedDescriptors.TryTake(numbers, out _)!;
        try
        {
            string there = place.ToString().Replace(place.Place, areTwoPipes ? "3,4" : "3", StringComparison.Ordinal);
            return PeerProcess.StartWith(
                ends.Index().ToDictionary(static end => 3 + end.Index, static end => (SafeHandle)end.Item), [verb, how, there, .. more]);
        }
        finally
        {
            foreach (Descriptor end in ends)
            {
                end.Dispose();
            }
        }
    }

    private static Address Offer(params Descriptor[] ends)
    {
        foreach (Descriptor end in ends)
        {
            OfferedDescriptors.Offer(end, NativeProcess.Id);
        }

        return Address.Parse($"fd://{string.Join(',', ends.Select(static end => end.Number.ToString(CultureInfo.InvariantCulture)))}");
    }
}
