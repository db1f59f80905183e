namespace Fairlead.NamedHandles.Names;

/// <summary>What came of opening a named object.</summary>
internal enum ObjectOutcome
{
    /// <summary>It existed.</summary>
    Opened,

    /// <summary>It was made by this call; its content is zeroes.</summary>
    Created,

    /// <summary>No process has an object of this name open, and none was to be made.</summary>
    NotFound,

    /// <summary>A process has an object of this name and kind open, and a new one was asked for.</summary>
    AlreadyExists,

    /// <summary>The name belongs to an object of another kind.</summary>
    OtherKind,

    /// <summary>The object belongs to another user, and only that user may open it.</summary>
    Denied,
}
