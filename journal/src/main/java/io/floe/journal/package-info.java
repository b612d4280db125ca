/// A Pekko Persistence journal and snapshot store on plain files.
@NullMarked
package io.floe.journal;

import org.jspecify.annotations.NullMarked;
