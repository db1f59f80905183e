using System.Globalization;

namespace Fairlead.Tests.RandomWorld;

/// <summary>TCP on ports that the kernel gives to nobody by itself: a server that comes again at its port must not find a connection of somebody else there.</summary>
internal sealed class FixedPortUnderTest : TransportUnderTest
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static int _next = Random.Shared.Next(First, Last);

    public override string Name => "tcp";

    public override bool IsNetwork => true;

    public override Address NewPlace()
    {
        while (true)
        {
            int port = First + (Interlocked.Increment(ref _next) % (Last - First));
            Address place = string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{port}");
            try
            {
                Receiver.Bind(place).Dispose();
                return place;
            }
            catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists)
            {
                // The next.
            }
        }
    }
}
