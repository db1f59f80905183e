using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.TestPeer;

#pragma warning disable CS0649 // Nothing is assigned: the types are laid out.

namespace Fairlead.Tests;

/// <summary>The fingerprint is a hash of these texts: if one changes, running programs no longer agree on their memory.</summary>
public sealed class LayoutFingerprintTests
{
    private enum Gear : byte
    {
        Neutral,
    }

    [Fact]
    public void Describe_lists_size_alignment_and_fields()
    {
        Assert.Equal("16 by 8; X at 0: Double; Y at 8: Double", LayoutFingerprint.Describe<Point>());
        Assert.Equal("24 by 8; Gear at 0: Gear of 1; IsOn at 1: Boolean; Where at 8: Point of 16", LayoutFingerprint.Describe<Nested>());
        Assert.Equal("12 by 4; High at 4: UInt32; Low at 8: UInt16", LayoutFingerprint.Describe<Explicit>());
        Assert.Equal("2048 by 8; _first at 0: Int64", LayoutFingerprint.Describe<CellBlock>());
        Assert.Equal("1 by 1", LayoutFingerprint.Describe<Empty>());
        Assert.Equal("16 by 8; First at 0: Int32; Second at 8: Double", LayoutFingerprint.Describe<Pair<int, double>>());
        Assert.Equal("16 by 8; At at 0: Pair<Int32, UInt32> of 8; Last at 8: Int64", LayoutFingerprint.Describe<Holder>());
    }

    [Fact]
    public void Offsets_are_exact_far_into_a_large_value() =>
        Assert.Equal("70008 by 8; Data at 0: Large of 70000; Last at 70000: Int64", LayoutFingerprint.Describe<Wide>());

    /// <summary>Compiled ahead of time, and trimmed, if there is such a peer.</summary>
    [Fact]
    public async Task Other_programs_see_the_same_layout()
    {
        const string Layout =
            "32 by 8; IsOn at 0: Boolean; Speed at 8: Double; Day at 16: DayOfWeek of 4; Where at 24: ValueTuple<Single, Single> of 8";
        Assert.Equal(Layout, LayoutFingerprint.Describe<Telemetry>());
        for (int number = 0; number < 2; number++)
        {
            await using var peer = PeerProcess.StartNumber(number, "board", "layout");
            Assert.Equal(Layout, await peer.ReadLineAsync());
        }
    }

    [Fact]
    public void Types_of_the_base_library_count_by_name()
    {
        Assert.Equal("8 by 8; Int64", LayoutFingerprint.Describe<long>());
        Assert.Equal("24 by 8; ValueTuple<Int64, Point>", LayoutFingerprint.Describe<(long, Point)>());
        Assert.NotEqual(LayoutFingerprint.Of<long>(), LayoutFingerprint.Of<ulong>());
        Assert.NotEqual(LayoutFingerprint.Of<long>(), LayoutFingerprint.Of<double>());
    }

    [Fact]
    public void Types_with_the_same_layout_have_the_same_fingerprint_under_any_name()
    {
        Assert.Equal(LayoutFingerprint.Of<Point>(), LayoutFingerprint.Of<Elsewhere.Position>());
        Assert.Equal(LayoutFingerprint.Of<Point>(), LayoutFingerprint.Of<AsProperties>());
        Assert.NotEqual(0UL, LayoutFingerprint.Of<Point>());
    }

    [Fact]
    public void Another_order_name_or_type_is_another_layout()
    {
        ulong[] all =
        [
            LayoutFingerprint.Of<Point>(),
            LayoutFingerprint.Of<Swapped>(),
            LayoutFingerprint.Of<Renamed>(),
            LayoutFingerprint.Of<Retyped>(),
            LayoutFingerprint.Of<Larger>(),
            LayoutFingerprint.Of<Packed>(),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void The_fingerprint_is_the_same_in_every_run()
    {
        // Programs of other versions compare it.
        Assert.Equal(0x5554829cc01a0022UL, LayoutFingerprint.Of<Point>());
        Assert.Equal("Pair<Int32, Pair<Byte, Point>>", LayoutFingerprint.NameOf(typeof(Pair<int, Pair<byte, Point>>)));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Point
    {
        public double X;
        public double Y;
    }

    private readonly record struct AsProperties(double X, double Y);

    private struct Swapped
    {
        public double Y;
        public double X;
    }

    private struct Renamed
    {
        public double X;
        public double Z;
    }

    private struct Retyped
    {
        public double X;
        public long Y;
    }

    private struct Larger
    {
        public double X;
        public double Y;
        public double Z;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Packed
    {
        public double X;
        public double Y;
    }

    private struct Nested
    {
        public Gear Gear;
        public bool IsOn;
        public Point Where;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Explicit
    {
        [FieldOffset(8)]
        public ushort Low;

        [FieldOffset(4)]
        public uint High;
    }

    private struct Empty;

    private struct Pair<TFirst, TSecond>
    {
        public TFirst First;
        public TSecond Second;
    }

    private struct Holder
    {
        public Pair<int, uint> At;
        public long Last;
    }

    [InlineArray(70_000)]
    private struct Large
    {
        private byte _first;
    }

    private struct Wide
    {
        public Large Data;
        public long Last;
    }

    private static class Elsewhere
    {
        [StructLayout(LayoutKind.Sequential)]
        internal struct Position
        {
            public double X;
            public double Y;
        }
    }
}
