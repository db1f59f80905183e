using System.Runtime.CompilerServices;

namespace Fairlead.Bench.Contenders;

/// <summary>A message of 64 bytes as an unmanaged value.</summary>
[InlineArray(8)]
internal struct Sample
{
    private long _first;
}
