using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.TestPeer.Verbs;

/// <summary><c>regionchurn NAME SIZE</c>: says <c>ready</c>, then creates, reads and removes a region of this name, without end.</summary>
internal static class RegionChurnVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        long size = long.Parse(arguments[1], CultureInfo.InvariantCulture);
        Console.WriteLine("ready");
        while (true)
        {
            using var region = SharedRegion.Open(arguments[0], size);
            if (region.Size != size || region.Span<byte>(0, (int)size).ContainsAnyExcept((byte)0))
            {
                Console.WriteLine($"error not whole and zeroed: {region.Size} of {size} bytes");
                return Task.FromResult(1);
            }

            SharedRegion.Remove(arguments[0]);
        }
    }
}
