using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The first words of a lock: its first user settles them.</summary>
public sealed unsafe class LockHeaderTests : IDisposable
{
    private const uint Namespace = 5;

    private readonly WordsMemory _memory = new(MutexLayout.Size);
    private readonly LockHeader _form;

    public LockHeaderTests() => _form = new LockHeader(_memory.Start, MutexLayout.Magic);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void The_first_user_settles_the_options()
    {
        ulong settled = _form.Settle(1, Namespace);
        Assert.Equal((_form.Of(1), 1u), (settled, LockHeader.Options(settled)));
        Assert.Equal(settled, _form.Settle(1, Namespace));
        Assert.Equal(settled, _form.Settle(0, Namespace));
        Assert.NotEqual(_form.Of(0), settled);
        Assert.Equal((Namespace, false), (_memory.At(MutexLayout.NamespaceAt), _form.IsMixed));
    }

    [Theory]
    [InlineData(6u)]
    [InlineData(0u)]
    public void A_user_in_another_namespace_is_recorded(uint other)
    {
        _ = _form.Settle(0, Namespace);
        Assert.False(_form.IsMixed);
        _ = _form.Settle(1, other);
        Assert.False(_form.IsMixed);
        _ = _form.Settle(0, other);
        Assert.Equal((true, Namespace), (_form.IsMixed, _memory.At(MutexLayout.NamespaceAt)));
    }

    [Fact]
    public void An_unknown_namespace_counts_as_a_different_namespace()
    {
        _ = _form.Settle(0, 0);
        Assert.Equal((true, 0u), (_form.IsMixed, _memory.At(MutexLayout.NamespaceAt)));
    }

    [Fact]
    public void Another_kind_or_version_is_detected()
    {
        Assert.Equal(1, _form.Version);
        Assert.True(_form.IsSameKind(_form.Of(7)));
        Assert.False(_form.IsOtherVersion(_form.Of(7), out _));
        ulong later = (ulong)(MutexLayout.Magic + 0x0200_0000) << 32;
        Assert.False(_form.IsSameKind(later));
        Assert.True(_form.IsOtherVersion(later, out int version));
        Assert.Equal(3, version);
        ulong other = (ulong)EventLayout.Magic << 32;
        Assert.False(_form.IsSameKind(other));
        Assert.False(_form.IsOtherVersion(other, out _));
    }
}
