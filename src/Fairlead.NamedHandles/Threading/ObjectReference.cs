using System.Runtime.InteropServices;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// The reference of one handle to its named object. The object stays open until the handle is closed, or finalized, and the calls that have
/// begun through it have ended.
/// </summary>
internal sealed class ObjectReference : SafeHandle
{
    private readonly NamedObject _target;
    private bool _isFinalized;

    // Set by Dispose at the same time, whereas SafeHandle itself admits new calls while an old one has not ended.
    private volatile bool _isClosed;

    /// <param name="target">The object, which counts this as one of its users already.</param>
    public ObjectReference(NamedObject target)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        _target = target;
        SetHandle(1);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Begins a call; disposing the result ends it.</summary>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public Call Begin() => _isClosed ? throw new ObjectDisposedException(_target.Key.ToString()) : new(this);

    protected override void Dispose(bool disposing)
    {
        _isClosed = true;
        _isFinalized = !disposing;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        if (_isFinalized)
        {
            // Closing waits for the lock of the directory, which the thread of the finalizers must not.
            PoolWork.Queue(nameof(ObjectReference), OpenObjects.Release, _target);
        }
        else
        {
            OpenObjects.Release(_target);
        }

        return true;
    }

    /// <summary>A call through the handle.</summary>
    public readonly struct Call : IDisposable
    {
        private readonly ObjectReference _reference;

        internal Call(ObjectReference reference)
        {
            bool isAdded = false;
            reference.DangerousAddRef(ref isAdded);
            _reference = reference;
        }

        public NamedObject Target => _reference._target;

        /// <summary>Begins another call inside this one, even if the handle has been closed since.</summary>
        public Call Again() => new(_reference);

        public void Dispose() => _reference.DangerousRelease();
    }
}
